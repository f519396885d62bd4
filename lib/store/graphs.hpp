// The object graphs and arrays of a payload, whatever file format it has, and of files inside it.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "archive/member.hpp"
#include "brine/bytes.hpp"
#include "brine/limits.hpp"
#include "brine/snapshot.hpp"
#include "pickle/graph.hpp"
#include "tensor/inventory.hpp"

namespace brine::store {

/// One pickle, or one array of a .npy. Lifetime: of the call that hands it over.
struct Part {
  std::string file;          ///< by which names inside containers it is reached; or empty
  std::uint64_t number = 0;  ///< of the pickle in its file, or of the zip, from 0
  const pickle::Graph* graph = nullptr;
  tensor::ReadTensor read_tensor = {};      ///< of the graph: the tensors of its framework
  TensorInfo array = {};                    ///< where there is no graph
  const archive::Member* member = nullptr;  ///< of the source, that the array is compressed in
  const RandomSource* source = nullptr;     ///< where offsets count; what is unfolded is its own
  /// Of the source in the payload. Nothing: it was compressed.
  std::optional<std::uint64_t> begin = {};
};

/// Hands over the parts of a pickle, several pickles in a row, a file of joblib, of torch (zip,
/// legacy, tar), a .npy or .npz, of a zip or tar with several of those, and of compressed ones,
/// which are unfolded into temporary files. Reads opcodes and directories only. Throws: unsupported
/// for names that are computed; corrupt; limit; what `body` throws.
void each_part(const RandomSource& payload, const Limits& limits,
               const std::function<void(const Part&)>& body);

}  // namespace brine::store
