// Encoding and decoding of blocks, and of whole streams that come from outside.
//
// A block is encoded on its own into what its stock tool accepts back to back with others: a zstd
// frame (with content size and checksum), a gzip member, a bzip2 stream, an xz stream, or itself.
#pragma once

#include <memory>
#include <optional>

#include "brine/bytes.hpp"
#include "brine/codec.hpp"
#include "brine/limits.hpp"

namespace brine::codec {

/// Encodes blocks with one codec and level; keeps its contexts and scratch memory between blocks.
/// Thread-safety: one thread at a time. Neither movable nor copyable: C streams point into it.
class Encoder {
 public:
  virtual ~Encoder();
  Encoder(const Encoder&) = delete;
  Encoder& operator=(const Encoder&) = delete;

  /// Replaces `out` by the encoded form of `raw`. Throws: environment (memory), internal.
  virtual void encode(ByteView raw, Bytes& out) = 0;

 protected:
  Encoder() = default;
};

/// Decodes blocks of one codec. Thread-safety and copies: as Encoder.
class Decoder {
 public:
  virtual ~Decoder();
  Decoder(const Decoder&) = delete;
  Decoder& operator=(const Decoder&) = delete;

  /// Fills `raw` exactly. Throws: corrupt when `stored` is damaged, truncated, decodes to more or
  /// to less, or has bytes left over; limit when it asks for too much memory; unsupported for xz
  /// filters or checks that liblzma lacks. `raw` then holds nothing that counts.
  virtual void decode(ByteView stored, ByteSpan raw) = 0;

 protected:
  Decoder() = default;
};

/// `block_bytes` is the largest block that will come: dictionaries and windows are not made larger,
/// so that `xz:9` costs tens of MiB a thread and not 674.
std::unique_ptr<Encoder> make_encoder(const Codec& codec, std::uint64_t block_bytes);
std::unique_ptr<Decoder> make_decoder(CodecId codec, const Limits& limits);

/// Upper bound of the memory that one encoder for blocks of `block_bytes` takes.
std::uint64_t encoder_bytes(const Codec& codec, std::uint64_t block_bytes);

/// Says which stream begins with `head` (6 bytes are enough), by its magic number; never none.
std::optional<CodecId> sniff(ByteView head) noexcept;

/// What streams from outside are encoded as: each codec, and what brine only reads.
enum class StreamFormat : std::uint8_t {
  gzip,
  bzip2,
  xz,
  zstd,
  lzma,     ///< one stream of the tools before xz
  zlib,     ///< RFC 1950
  deflate,  ///< RFC 1951, as in a zip
  lz4,      ///< frames
};

/// Requires: not none.
StreamFormat stream_format(CodecId codec) noexcept;

/// Decodes a whole stream from outside: several members or frames back to back, zero padding
/// between and behind xz streams and behind gzip members, skippable zstd and lz4 frames. Of lzma,
/// zlib and deflate there is one stream.
/// Throws from read(): corrupt (empty, damaged, truncated, something else behind it), unsupported
/// (xz filters or checks that liblzma lacks), limit (window or dictionary over
/// Limits::max_decoder_bytes, output over Limits::max_payload_bytes), and what `encoded` throws.
/// Lifetime: borrows it.
std::unique_ptr<Source> make_decoding_source(StreamFormat format, Source& encoded,
                                             const Limits& limits);
/// As above; `none` passes bytes on.
std::unique_ptr<Source> make_decoding_source(CodecId codec, Source& encoded, const Limits& limits);

}  // namespace brine::codec
