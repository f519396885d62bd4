// Tars whose checksums hold.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string_view>

#include "brine/bytes.hpp"

namespace brine::fuzz {

/// Returns `bytes` with the checksum of every block that looks like the header of a tar set right,
/// or nothing where that changes none.
inline std::optional<Bytes> sealed(ByteView bytes) {
  constexpr std::size_t block_bytes = 512;
  constexpr std::size_t checksum_at = 148;
  constexpr std::size_t checksum_bytes = 8;
  constexpr std::size_t magic_at = 257;
  Bytes all(bytes.begin(), bytes.end());
  for (std::size_t at = 0; block_bytes <= all.size() - at; at += block_bytes) {
    const ByteSpan block = ByteSpan(all).subspan(at, block_bytes);
    if (!text_of(block).substr(magic_at).starts_with("ustar")) continue;
    const ByteSpan checksum = block.subspan(checksum_at, checksum_bytes);
    std::fill(checksum.begin(), checksum.end(), std::byte{' '});
    unsigned sum = 0;
    for (const std::byte each : block) sum += std::to_integer<unsigned>(each);
    const std::string digits = fmt::format("{:06o}", sum) + '\0';
    std::copy_n(bytes_of(digits).begin(), digits.size(), checksum.begin());
  }
  if (std::equal(all.begin(), all.end(), bytes.begin())) return std::nullopt;
  return all;
}

}  // namespace brine::fuzz
