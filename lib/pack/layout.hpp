// What the numbers of a list of blocks must keep to before one of them is used.
#pragma once

#include <string>

#include "pack/pack.hpp"

namespace brine::pack {

/// Most bytes that the encoded form of `bytes` can take under any codec: bzip2 adds most, 1 % and
/// 600 bytes. A block that claims more is damaged, and nothing is allocated for it.
constexpr std::uint64_t stored_bound(std::uint64_t bytes) noexcept {
  return bytes + bytes / 16 + 4096;
}

/// Names a block in messages: `block 3 at byte 1234 of the pack`.
std::string place(std::size_t index, const Block& block);

/// Checks that each block has a possible length, lies inside the pack and follows the one before
/// it in the payload. Throws: corrupt.
void check_layout(std::span<const Block> blocks, std::uint64_t pack_bytes, CodecId codec);

}  // namespace brine::pack
