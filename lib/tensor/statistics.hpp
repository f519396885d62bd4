// What the elements of a tensor are like.
#pragma once

#include <optional>
#include <string_view>

#include "brine/bytes.hpp"
#include "brine/snapshot.hpp"

namespace brine::tensor {

/// Whether elements of this dtype, as TensorInfo spells it, are numbers that can be measured.
bool is_measurable(std::string_view dtype) noexcept;

/// Reads the elements of `tensor`, which has an offset in `payload` and a measurable dtype, in
/// pieces: memory does not grow with it. Throws: what `payload` throws.
TensorStatistics measure(const RandomSource& payload, const TensorInfo& tensor);

}  // namespace brine::tensor
