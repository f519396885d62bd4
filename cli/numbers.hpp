// Numbers that a user types, read whole or refused with the option's name.
#pragma once

#include <cstdint>
#include <string_view>
#include <utility>

namespace brine::cli {

/// Throws: usage.
std::int64_t whole_number(std::string_view option, std::string_view text);

/// Throws: usage.
std::uint64_t count_of(std::string_view option, std::string_view text);

/// Reads `NAME=NUMBER`; the number may be `nan` or `inf`. Lifetime: the name is part of `text`.
/// Throws: usage.
std::pair<std::string_view, double> metric_of(std::string_view option, std::string_view text);

}  // namespace brine::cli
