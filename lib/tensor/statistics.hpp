// What the elements of a tensor are like.
#pragma once

#include <functional>
#include <string_view>

#include "brine/bytes.hpp"
#include "brine/snapshot.hpp"
#include "tensor/tensor.hpp"

namespace brine::tensor {

/// Whether elements of this dtype, as TensorInfo spells it, are numbers that can be measured.
bool is_measurable(std::string_view dtype) noexcept;

/// Why others cannot, in a word.
std::string_view why_unmeasured(std::string_view dtype) noexcept;

using UseElements = std::function<void(ByteView)>;
/// Hands over all elements from front to back, in pieces.
using EachElement = std::function<void(const UseElements&)>;

/// Measures what `each` hands over. Requires: is_measurable(dtype). Throws: what `each` throws.
TensorStatistics measure(std::string_view dtype, const EachElement& each);

/// Reads the elements of `tensor`, which has an offset in `payload` or is unordered there, and a
/// measurable dtype, in pieces: memory does not grow with it. Throws: what `payload` throws.
TensorStatistics measure(const RandomSource& payload, const Tensor& tensor);

}  // namespace brine::tensor
