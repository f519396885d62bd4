// Plain dtypes by the code of numpy's array protocol: byte order, letter, width.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace brine::value {

struct Dtype {
  char byte_order = '|';  ///< `<`, `>`, or `|` where it means nothing
  std::string_view code;  ///< letter and width, as in `f4`
  std::uint64_t item_bytes = 0;
};

/// Reads a code such as `<f4`. Nothing for what is none, and for elements without bytes.
/// Lifetime: of `text`.
std::optional<Dtype> parse_dtype(std::string_view text);

}  // namespace brine::value
