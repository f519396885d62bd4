// Bzip2 streams by libbzip2.
#include <bzlib.h>

#include "codec/stream.hpp"

namespace brine::codec {
namespace {

constexpr auto self = CodecId::bzip2;

// libbzip2 reads next_in only, but declares it mutable.
char* input_of(ByteView bytes) {
  return const_cast<char*>(reinterpret_cast<const char*>(bytes.data()));
}
char* output_of(ByteSpan bytes) { return reinterpret_cast<char*>(bytes.data()); }

// The manual's bound: 1 % and 600 bytes on top.
constexpr std::uint64_t bound(std::uint64_t bytes) { return bytes + bytes / 100 + 600; }

// libbzip2 cannot begin again with the same memory: every block opens and closes a stream.
class OpenCompressor {
 public:
  explicit OpenCompressor(int level) {
    const int status = BZ2_bzCompressInit(&stream, level, 0, 0);
    if (status == BZ_MEM_ERROR) throw_no_memory(self);
    if (status != BZ_OK) throw_unexpected(self, "BZ2_bzCompressInit", status);
  }
  OpenCompressor(const OpenCompressor&) = delete;
  OpenCompressor& operator=(const OpenCompressor&) = delete;
  ~OpenCompressor() { BZ2_bzCompressEnd(&stream); }

  bz_stream stream{};
};

class Bzip2Encoder final : public Encoder {
 public:
  explicit Bzip2Encoder(int level) : level_(level) {}

  void encode(ByteView raw, Bytes& out) override {
    OpenCompressor open(level_);
    bz_stream& stream = open.stream;
    const ByteSpan scratch = at_least(scratch_, bound(raw.size()));
    std::size_t made = 0;
    int status = BZ_RUN_OK;
    while (status == BZ_RUN_OK || status == BZ_FINISH_OK) {
      stream.next_in = input_of(raw);
      stream.avail_in = piece(raw.size());
      stream.next_out = output_of(scratch.subspan(made));
      stream.avail_out = piece(scratch.size() - made);
      const ByteView rest = raw.subspan(stream.avail_in);
      const std::size_t room = stream.avail_out;
      if (room == 0) break;
      status = BZ2_bzCompress(&stream, rest.empty() ? BZ_FINISH : BZ_RUN);
      raw = raw.last(rest.size() + stream.avail_in);
      made += room - stream.avail_out;
    }
    if (status != BZ_STREAM_END) throw_unexpected(self, "BZ2_bzCompress", status);
    const ByteView done = scratch.first(made);
    out.assign(done.begin(), done.end());
  }

 private:
  int level_;
  Bytes scratch_;
};

class Bzip2Stream final : public StreamDecoder {
 public:
  ~Bzip2Stream() override { BZ2_bzDecompressEnd(&stream_); }

  void begin() override {
    BZ2_bzDecompressEnd(&stream_);  // refuses, harmlessly, what was never opened
    const int status = BZ2_bzDecompressInit(&stream_, 0, 0);
    if (status == BZ_MEM_ERROR) throw_no_memory(self);
    if (status != BZ_OK) throw_unexpected(self, "BZ2_bzDecompressInit", status);
  }

  Step step(ByteView encoded, ByteSpan room) override {
    const unsigned offered = stream_.avail_in = piece(encoded.size());
    const unsigned free = stream_.avail_out = piece(room.size());
    stream_.next_in = input_of(encoded);
    stream_.next_out = output_of(room);
    const int status = BZ2_bzDecompress(&stream_);
    switch (status) {
      case BZ_OK:
      case BZ_STREAM_END:
        return {offered - stream_.avail_in, free - stream_.avail_out, status == BZ_STREAM_END};
      case BZ_DATA_ERROR:
        throw_damaged(self, "invalid data or check");
      case BZ_DATA_ERROR_MAGIC:
        throw_damaged(self, "the magic number is missing");
      case BZ_MEM_ERROR:
        throw_no_memory(self);
      default:
        throw_unexpected(self, "BZ2_bzDecompress", status);
    }
  }

 private:
  bz_stream stream_{};
};

std::unique_ptr<Encoder> make_encoder(int level, std::uint64_t) {
  return std::make_unique<Bzip2Encoder>(level);
}

std::unique_ptr<StreamDecoder> make_stream(const Limits&) {
  return std::make_unique<Bzip2Stream>();
}

std::unique_ptr<Decoder> make_decoder(const Limits& limits) {
  return make_block_decoder(self, make_stream(limits));
}

// The manual: 400 kB and 8 times the block size of the level.
std::uint64_t encoder_bytes(int level, std::uint64_t block_bytes) {
  return 400'000 + 8 * 100'000 * static_cast<std::uint64_t>(level) + bound(block_bytes);
}

}  // namespace

const Implementation bzip2{make_encoder, make_decoder, make_stream, encoder_bytes};

}  // namespace brine::codec
