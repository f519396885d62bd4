#include "pack/block_encoder.hpp"

#include <fmt/format.h>

#include <cstring>

#include "brine/error.hpp"
#include "pack/layout.hpp"

namespace brine::pack {
namespace {

Error not_given_back(const Block& block, std::string_view how) {
  return Error(Errc::internal,
               fmt::format("the codec did not give back what it was given: block at byte {} of "
                           "the payload: {}",
                           block.offset, how));
}

}  // namespace

BlockEncoder::BlockEncoder(const WriterOptions& options)
    : BlockEncoder(
          codec::make_encoder(options.codec, max_block_bytes),
          options.verify ? codec::make_decoder(options.codec.id, options.limits) : nullptr) {}

BlockEncoder::BlockEncoder(std::unique_ptr<codec::Encoder> encoder,
                           std::unique_ptr<codec::Decoder> decoder)
    : encoder_(std::move(encoder)), decoder_(std::move(decoder)) {}

void BlockEncoder::run(Slot& slot) {
  const ByteView raw = slot.raw.hold(slot.block.bytes);
  encoder_->encode(raw, slot.stored);
  if (decoder_) compare(slot, raw);
  slot.block.stored_bytes = slot.stored.size();
  slot.block.raw_digest = digest::xxh128(raw);
  slot.block.stored_digest = digest::xxh128(slot.stored);
}

void BlockEncoder::compare(const Slot& slot, ByteView raw) {
  if (slot.stored.size() > stored_bound(raw.size())) {
    throw not_given_back(slot.block,
                         fmt::format("{} bytes became {}", raw.size(), slot.stored.size()));
  }
  const ByteSpan decoded = decoded_.hold(raw.size());
  try {
    decoder_->decode(slot.stored, decoded);
  } catch (const Error& error) {
    if (error.code() != Errc::corrupt) throw;
    throw not_given_back(slot.block, error.what());
  }
  if (std::memcmp(decoded.data(), raw.data(), raw.size()) != 0) {
    throw not_given_back(slot.block, "bytes differ");
  }
}

}  // namespace brine::pack
