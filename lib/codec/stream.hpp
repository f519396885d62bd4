// What each codec brings, and the one step that decoding repeats. For this room only.
#pragma once

#include <algorithm>
#include <limits>
#include <memory>
#include <string_view>

#include "codec/codec.hpp"

namespace brine::codec {

/// What one step of a stream decoder did.
struct Step {
  std::size_t consumed = 0;
  std::size_t produced = 0;
  bool ended = false;  ///< the member, frame or stream is complete and its checks hold
};

/// Decodes one member, frame or stream after another, in pieces. Copies: as Encoder.
class StreamDecoder {
 public:
  virtual ~StreamDecoder();
  StreamDecoder(const StreamDecoder&) = delete;
  StreamDecoder& operator=(const StreamDecoder&) = delete;

  /// Expects the first byte of a member next.
  virtual void begin() = 0;

  /// Goes as far as input and room allow; nothing consumed, produced or ended means that the input
  /// stops short. Requires: room for one byte. Throws: corrupt, limit, unsupported, environment.
  virtual Step step(ByteView encoded, ByteSpan room) = 0;

 protected:
  StreamDecoder() = default;
};

/// The functions of one codec. `none` has no stream.
struct Implementation {
  std::unique_ptr<Encoder> (*make_encoder)(int level, std::uint64_t block_bytes);
  std::unique_ptr<Decoder> (*make_decoder)(const Limits& limits);
  std::unique_ptr<StreamDecoder> (*make_stream)(const Limits& limits);
  std::uint64_t (*encoder_bytes)(int level, std::uint64_t block_bytes);
};

extern const Implementation none;
extern const Implementation gzip;
extern const Implementation bzip2;
extern const Implementation xz;
extern const Implementation zstd;

const Implementation& implementation(CodecId codec) noexcept;

/// How streams of one format are told and decoded.
struct StreamKind {
  std::string_view name;
  std::unique_ptr<StreamDecoder> (*make)(const Limits& limits);
  /// Whether a member begins with these bytes, 6 where there are as many.
  bool (*begins)(ByteView head);
  std::size_t padding = 0;  ///< zeros between members come in multiples of it; 0: there are none
  bool pads_end_only = false;
  bool is_single = false;  ///< one member is all
};

extern const StreamKind lzma_kind;
extern const StreamKind zlib_kind;
extern const StreamKind deflate_kind;
extern const StreamKind lz4_kind;

/// Decodes blocks that are one whole member each.
std::unique_ptr<Decoder> make_block_decoder(CodecId codec, std::unique_ptr<StreamDecoder> stream);

/// Throws corrupt unless `stored` begins as a member of `codec` does.
void require_magic(CodecId codec, ByteView stored);

[[noreturn]] void throw_damaged(CodecId codec, std::string_view why);
[[noreturn]] void throw_damaged(std::string_view format, std::string_view why);
[[noreturn]] void throw_no_memory(CodecId codec);
/// For answers of a library that only a bug of ours can bring about.
[[noreturn]] void throw_unexpected(CodecId codec, std::string_view function, long long answer);

/// zlib and bzip2 count in 32 bits: larger buffers are fed to them in pieces.
inline unsigned piece(std::size_t bytes) noexcept {
  return static_cast<unsigned>(std::min<std::size_t>(bytes, std::numeric_limits<unsigned>::max()));
}

/// Scratch memory that only grows, so that blocks of one size cost one allocation.
inline ByteSpan at_least(Bytes& scratch, std::size_t bytes) {
  if (scratch.size() < bytes) scratch.resize(bytes);
  return scratch;
}

}  // namespace brine::codec
