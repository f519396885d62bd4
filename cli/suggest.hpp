// The closest match on a mistake.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace brine::cli {

/// Returns the candidate with the fewest edits from `word`, if they are few enough for a slip.
std::optional<std::string_view> closest(std::string_view word,
                                        std::span<const std::string_view> candidates);

/// Returns the codec nearest to what `text` says: its closest name, its nearest level. Zstd, where
/// the name is like none.
std::string nearest_codec(std::string_view text);

/// Returns `name` as a line, a tag or a metric may be called: with `-` for what may not be in it.
std::string nearest_name(std::string_view name);

/// Returns the protocol that can be written and is next to `text`; the newest where that is no
/// number.
std::string nearest_protocol(std::string_view text);

}  // namespace brine::cli
