// One block of a pack, read and checked.
#pragma once

#include <memory>

#include "codec/codec.hpp"
#include "pack/buffer.hpp"
#include "pack/pack.hpp"

namespace brine::pack {

/// Reads blocks of one codec. Thread-safety: one thread at a time.
class BlockDecoder {
 public:
  BlockDecoder(CodecId codec, const Limits& limits);

  /// Fills `raw` with the payload of `block`: stored digest, decoding, raw digest, in this order.
  /// Requires: check_layout() accepted the block, its number is `index`, `raw` has its length.
  /// Throws: corrupt, naming the block; limit; what `pack` throws.
  void decode(const RandomSource& pack, std::size_t index, const Block& block, ByteSpan raw);

 private:
  std::unique_ptr<codec::Decoder> decoder_;
  Buffer stored_;
};

}  // namespace brine::pack
