// The closest match on a typo.
#pragma once

#include <optional>
#include <span>
#include <string_view>

namespace brine::cli {

/// Returns the candidate with the fewest edits from `word`, if they are few enough for a slip.
std::optional<std::string_view> closest(std::string_view word,
                                        std::span<const std::string_view> candidates);

}  // namespace brine::cli
