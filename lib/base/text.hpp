// Small helpers for text: hex, names, near misses, time.
#pragma once

#include <chrono>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "brine/bytes.hpp"

namespace brine::base {

/// Writes two lower-case digits per byte.
std::string to_hex(ByteView bytes);

/// Reads what to_hex writes; nothing else.
std::optional<Bytes> from_hex(std::string_view text);

/// Returns 128 random bits as 32 hex digits. Throws: environment.
std::string random_id();

/// Writes a time in UTC, to the millisecond: `2026-05-04T03:02:01.123Z`.
std::string utc(std::chrono::system_clock::time_point time);
std::string now_utc();

/// Returns the candidate nearest to `word` by edit distance, if one is near enough to be meant.
std::optional<std::string_view> closest(std::string_view word,
                                        std::span<const std::string_view> candidates);

/// Escapes control bytes and invalid UTF-8 as `\xNN`, so that names from outside can be printed.
std::string printable(std::string_view text);

/// Says whether `name` may name a line, a tag, a metric or a table: 1 to 200 characters of
/// letters, digits, `.`, `_`, `-`, the first a letter or digit.
bool is_name(std::string_view name) noexcept;

}  // namespace brine::base
