// What a worker of the writer does with one block.
#pragma once

#include <memory>

#include "codec/codec.hpp"
#include "pack/buffer.hpp"
#include "pack/pack.hpp"

namespace brine::pack {

/// Encodes, decodes again and compares, digests.
class BlockEncoder {
 public:
  struct Slot {
    Buffer raw;  ///< its first block.bytes bytes count
    Bytes stored;
    Block block;  ///< offset and bytes come with the slot; stored_bytes and digests are added
  };
  using Settings = WriterOptions;

  explicit BlockEncoder(const WriterOptions& options);
  /// Without `decoder` nothing is compared.
  BlockEncoder(std::unique_ptr<codec::Encoder> encoder, std::unique_ptr<codec::Decoder> decoder);

  /// Throws: internal when the codec does not give back what it was given; what the codec throws.
  void run(Slot& slot);

 private:
  void compare(const Slot& slot, ByteView raw);

  std::unique_ptr<codec::Encoder> encoder_;
  std::unique_ptr<codec::Decoder> decoder_;
  Buffer decoded_;
};

}  // namespace brine::pack
