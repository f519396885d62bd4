// A tensor that was found, with what it takes to tell it from others and to read it.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "brine/snapshot.hpp"
#include "pickle/graph.hpp"

namespace brine::tensor {

/// The bytes that the elements of a tensor lie in.
struct Extent {
  std::string storage;  ///< key of a storage of torch; empty: the payload itself
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
};

struct Tensor : TensorInfo {
  Tensor() = default;
  Tensor(TensorInfo info) : TensorInfo(std::move(info)) {}  // NOLINT(google-explicit-constructor)

  /// Nothing: those of its offset, or nobody else's.
  std::optional<Extent> extent;
  /// Where the elements begin that fill as many bytes as they have, but are not as they are or
  /// stand in another order: transposed, negated, conjugated.
  std::optional<std::uint64_t> unordered;
  bool is_negated = false;  ///< each of those
  /// Where the elements are spelled as text: that text, which is read as Latin-1.
  std::optional<pickle::Node> spelled;
};

/// Reads what one framework makes tensors of; nothing for other nodes.
using ReadTensor = std::function<std::optional<Tensor>(pickle::NodeId)>;

}  // namespace brine::tensor
