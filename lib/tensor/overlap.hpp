// Which tensors have bytes in common.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "tensor/tensor.hpp"

namespace brine::tensor {

/// Takes tensors in the order of a list.
class Overlap {
 public:
  struct Found {
    std::optional<std::size_t> with;  ///< number of the first tensor that has the first of them
    std::uint64_t bytes = 0;          ///< of the tensor, that those before it have, too
  };

  /// Adds tensor number `number`.
  Found add(const Tensor& tensor, std::size_t number);

 private:
  struct Piece {
    std::uint64_t end = 0;
    std::size_t number = 0;
  };
  // By their begin; they do not overlap.
  using Pieces = std::map<std::uint64_t, Piece>;
  std::map<std::string, Pieces, std::less<>> storages_;
};

}  // namespace brine::tensor
