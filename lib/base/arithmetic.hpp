// Numbers that come from outside, added and multiplied without wrapping.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "brine/bytes.hpp"

namespace brine::base {

/// Adds, or throws corrupt naming `what`.
std::uint64_t checked_add(std::uint64_t a, std::uint64_t b, std::string_view what);

/// Multiplies, or throws corrupt naming `what`.
std::uint64_t checked_mul(std::uint64_t a, std::uint64_t b, std::string_view what);

/// Throws limit when `actual` is over `limit`; `name` is the field of Limits.
void require_within(std::uint64_t actual, std::uint64_t limit, std::string_view name);

/// Reads `width` bytes, at most 8, least significant first.
constexpr std::uint64_t little_endian(const std::byte* at, std::size_t width) noexcept {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < width; ++i) {
    value |= std::to_integer<std::uint64_t>(at[i]) << (8 * i);
  }
  return value;
}

/// Writes `width` bytes, at most 8, least significant first.
constexpr void put_little_endian(std::byte* at, std::uint64_t value, std::size_t width) noexcept {
  for (std::size_t i = 0; i < width; ++i) at[i] = static_cast<std::byte>(value >> (8 * i));
}

}  // namespace brine::base
