// Sizes, ratios and times as people read them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace brine::cli {

/// Writes three digits that count: `0 B`, `1.50 KiB`, `812 MiB`.
std::string human_bytes(std::uint64_t bytes);

/// Writes `1,234,567`.
std::string grouped(std::uint64_t number);

/// Writes `3 blocks`, `1 block`.
std::string counted(std::uint64_t number, std::string_view noun);

/// Writes how much smaller `stored_bytes` is: `2.02x`, or `-` where there is nothing to divide by.
std::string human_ratio(std::uint64_t payload_bytes, std::uint64_t stored_bytes);

/// Writes a span in its largest unit: `45s`, `3h`, `12d`, `2y`.
std::string human_seconds(std::int64_t seconds);

/// Returns the seconds between two times as snapshots have them (`2026-05-04T03:02:01.123Z`), 0
/// where one of them is no such time.
std::int64_t seconds_between(std::string_view earlier, std::string_view later);

/// Returns the time now, in the same form.
std::string now_utc();

}  // namespace brine::cli
