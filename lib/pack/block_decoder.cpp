#include "pack/block_decoder.hpp"

#include "brine/error.hpp"
#include "pack/layout.hpp"

namespace brine::pack {
namespace {

void require_digest(ByteView bytes, const digest::Xxh128& expected, std::string_view which) {
  const digest::Xxh128 found = digest::xxh128(bytes);
  if (found == expected) return;
  throw Error(Errc::corrupt, std::string(which) + " digest differs: expected " + expected.hex() +
                                 ", found " + found.hex());
}

}  // namespace

BlockDecoder::BlockDecoder(CodecId codec, const Limits& limits)
    : decoder_(codec::make_decoder(codec, limits)) {}

void BlockDecoder::decode(const RandomSource& pack, std::size_t index, const Block& block,
                          ByteSpan raw) {
  try {
    const ByteSpan stored = stored_.hold(block.stored_bytes);
    pack.read_at(block.stored_offset, stored);
    require_digest(stored, block.stored_digest, "stored");
    decoder_->decode(stored, raw);
    require_digest(raw, block.raw_digest, "raw");
  } catch (const Error& error) {
    throw error.in_context(place(index, block));
  }
}

}  // namespace brine::pack
