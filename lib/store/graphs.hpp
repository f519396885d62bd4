// The object graphs of a payload, whatever file format it has.
#pragma once

#include <functional>
#include <string>

#include "archive/format.hpp"
#include "brine/bytes.hpp"
#include "brine/limits.hpp"
#include "pickle/graph.hpp"
#include "tensor/inventory.hpp"

namespace brine::store {

/// One pickle of a payload. Lifetime: of the call that hands it over.
struct PlacedGraph {
  const pickle::Graph& graph;
  /// Its number in brackets, or nothing where the format knows one pickle only.
  std::string place;
  /// Reads the tensors of the payload's framework.
  tensor::ReadTensor read_tensor;
};

/// Calls `body` with the graph of each pickle: of pickles in a row, a joblib file, a zip or a
/// legacy file of torch. Offsets in a graph are those of the payload. Reads opcodes and directories
/// only. Returns false, without a call, for other formats. Throws: unsupported for names that are
/// computed; corrupt; limit; what `body` throws.
bool each_graph(const RandomSource& payload, const Limits& limits,
                const std::function<void(const PlacedGraph&)>& body);

/// Of a payload that can be read anywhere.
archive::Format format_of(const RandomSource& payload);

}  // namespace brine::store
