// Which characters Python shows as they are.
#pragma once

namespace brine::pickle {

/// Says what str.isprintable says of the one character, in Python 3.11 (Unicode 14.0.0).
bool is_printable(char32_t code_point) noexcept;

}  // namespace brine::pickle
