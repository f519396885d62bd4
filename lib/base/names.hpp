// The words of the persistent enums, read back: each inverts to_string of its door.
#pragma once

#include <optional>
#include <string_view>

#include "brine/pickle.hpp"
#include "brine/snapshot.hpp"

namespace brine::base {

std::optional<State> parse_state(std::string_view text) noexcept;
std::optional<Origin> parse_origin(std::string_view text) noexcept;
std::optional<Verdict> parse_verdict(std::string_view text) noexcept;

}  // namespace brine::base
