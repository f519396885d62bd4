// Numbers that come from outside, added and multiplied without wrapping.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

#include "brine/bytes.hpp"

namespace brine::base {

/// Adds, or throws corrupt naming `what`.
std::uint64_t checked_add(std::uint64_t a, std::uint64_t b, std::string_view what);

/// Multiplies, or throws corrupt naming `what`.
std::uint64_t checked_mul(std::uint64_t a, std::uint64_t b, std::string_view what);

/// Throws limit when `actual` is over `limit`; `name` is the field of Limits.
void require_within(std::uint64_t actual, std::uint64_t limit, std::string_view name);

/// Reads `width` bytes, at most 8, least significant first. Without a loop, so that it is one load.
template <std::size_t width>
constexpr std::uint64_t little_endian(const std::byte* at) noexcept {
  return [at]<std::size_t... i>(std::index_sequence<i...>) {
    return ((std::to_integer<std::uint64_t>(at[i]) << (8 * i)) | ...);
  }(std::make_index_sequence<width>{});
}

/// The same where the width is not known before.
constexpr std::uint64_t little_endian(const std::byte* at, std::size_t width) noexcept {
  switch (width) {
    case 1: return little_endian<1>(at);
    case 2: return little_endian<2>(at);
    case 4: return little_endian<4>(at);
    case 8: return little_endian<8>(at);
  }
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
