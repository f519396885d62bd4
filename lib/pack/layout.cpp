#include "pack/layout.hpp"

#include <fmt/format.h>

#include "base/arithmetic.hpp"
#include "brine/error.hpp"

namespace brine::pack {
namespace {

[[noreturn]] void fail(const std::string& what) { throw Error(Errc::corrupt, what); }

void check_lengths(const Block& block, CodecId codec) {
  if (block.bytes == 0 || block.bytes > max_block_bytes) {
    fail(fmt::format("a block holds 1 to {} bytes, not {}", max_block_bytes, block.bytes));
  }
  if (codec == CodecId::none && block.stored_bytes != block.bytes) {
    fail(fmt::format("{} bytes are stored as they are, in {}", block.bytes, block.stored_bytes));
  }
  if (block.stored_bytes > stored_bound(block.bytes)) {
    fail(fmt::format("{} bytes are stored in at most {}, not {}", block.bytes,
                     stored_bound(block.bytes), block.stored_bytes));
  }
}

void check_place(const Block& block, std::uint64_t pack_bytes) {
  const std::uint64_t end = base::checked_add(block.stored_offset, block.stored_bytes, "its end");
  if (end > pack_bytes) {
    fail(fmt::format("it ends at byte {}, the pack at {}", end, pack_bytes));
  }
}

}  // namespace

std::string place(std::size_t index, const Block& block) {
  return fmt::format("block {} at byte {} of the pack", index, block.stored_offset);
}

void check_layout(std::span<const Block> blocks, std::uint64_t pack_bytes, CodecId codec) {
  std::uint64_t expected = blocks.empty() ? 0 : blocks.front().offset;
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    const Block& block = blocks[i];
    try {
      check_lengths(block, codec);
      check_place(block, pack_bytes);
      if (block.offset != expected) {
        fail(fmt::format("it begins at byte {} of the payload, expected {}", block.offset,
                         expected));
      }
      expected = base::checked_add(block.offset, block.bytes, "its end in the payload");
    } catch (const Error& error) {
      throw error.in_context(place(i, block));
    }
  }
}

}  // namespace brine::pack
