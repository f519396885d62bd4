// Gzip members (RFC 1952) by zlib; streams of zlib (RFC 1950) and deflate (RFC 1951) are read.
#include <zlib.h>

#include "codec/stream.hpp"

namespace brine::codec {
namespace {

constexpr auto self = CodecId::gzip;
constexpr int gzip_window_bits = 15 + 16;  // 32 KiB, and 16 asks zlib for gzip's header and trailer
constexpr int memory_level = 8;            // what gzip(1) and everybody else takes

// zlib reads next_in only, but declares it mutable.
Bytef* input_of(ByteView bytes) {
  return const_cast<Bytef*>(reinterpret_cast<const Bytef*>(bytes.data()));
}
Bytef* output_of(ByteSpan bytes) { return reinterpret_cast<Bytef*>(bytes.data()); }

class GzipEncoder final : public Encoder {
 public:
  explicit GzipEncoder(int level) {
    const int status = deflateInit2(&stream_, level, Z_DEFLATED, gzip_window_bits, memory_level,
                                    Z_DEFAULT_STRATEGY);
    if (status == Z_MEM_ERROR) throw_no_memory(self);
    if (status != Z_OK) throw_unexpected(self, "deflateInit2", status);
  }
  ~GzipEncoder() override { deflateEnd(&stream_); }

  // Without deflateSetHeader the header holds no name, and time 0: equal blocks give equal members.
  void encode(ByteView raw, Bytes& out) override {
    deflateReset(&stream_);
    const ByteSpan scratch = at_least(scratch_, deflateBound(&stream_, raw.size()));
    std::size_t made = 0;
    int status = Z_OK;
    while (status == Z_OK) {
      stream_.next_in = input_of(raw);
      stream_.avail_in = piece(raw.size());
      stream_.next_out = output_of(scratch.subspan(made));
      stream_.avail_out = piece(scratch.size() - made);
      const ByteView rest = raw.subspan(stream_.avail_in);
      const std::size_t room = stream_.avail_out;
      status = deflate(&stream_, rest.empty() ? Z_FINISH : Z_NO_FLUSH);
      raw = raw.last(rest.size() + stream_.avail_in);
      made += room - stream_.avail_out;
    }
    if (status != Z_STREAM_END) throw_unexpected(self, "deflate", status);
    const ByteView done = scratch.first(made);
    out.assign(done.begin(), done.end());
  }

 private:
  z_stream stream_{};
  Bytes scratch_;
};

class InflateStream final : public StreamDecoder {
 public:
  InflateStream(std::string_view format, int window_bits) : format_(format) {
    const int status = inflateInit2(&stream_, window_bits);
    if (status == Z_MEM_ERROR) throw_no_memory(self);
    if (status != Z_OK) throw_unexpected(self, "inflateInit2", status);
  }
  ~InflateStream() override { inflateEnd(&stream_); }

  void begin() override { inflateReset(&stream_); }

  Step step(ByteView encoded, ByteSpan room) override {
    const unsigned offered = stream_.avail_in = piece(encoded.size());
    const unsigned free = stream_.avail_out = piece(room.size());
    stream_.next_in = input_of(encoded);
    stream_.next_out = output_of(room);
    const int status = inflate(&stream_, Z_NO_FLUSH);
    switch (status) {
      case Z_OK:
      case Z_BUF_ERROR:
      case Z_STREAM_END:
        return {offered - stream_.avail_in, free - stream_.avail_out, status == Z_STREAM_END};
      case Z_DATA_ERROR:
        throw_damaged(format_, stream_.msg != nullptr ? stream_.msg : "invalid data");
      case Z_NEED_DICT:
        throw_damaged(format_, "it asks for a dictionary");
      case Z_MEM_ERROR:
        throw_no_memory(self);
      default:
        throw_unexpected(self, "inflate", status);
    }
  }

 private:
  std::string_view format_;
  z_stream stream_{};
};

std::unique_ptr<Encoder> make_encoder(int level, std::uint64_t) {
  return std::make_unique<GzipEncoder>(level);
}

std::unique_ptr<StreamDecoder> make_stream(const Limits&) {
  return std::make_unique<InflateStream>("gzip", gzip_window_bits);
}

std::unique_ptr<StreamDecoder> make_zlib(const Limits&) {
  return std::make_unique<InflateStream>("zlib", MAX_WBITS);
}

// Without header and trailer: whoever wrote it checks it by other means.
std::unique_ptr<StreamDecoder> make_deflate(const Limits&) {
  return std::make_unique<InflateStream>("deflate", -MAX_WBITS);
}

bool begins_zlib(ByteView head) {
  if (head.size() < 2) return false;
  const auto method = std::to_integer<unsigned>(head[0]);
  return method % 16 == Z_DEFLATED && (method * 256 + std::to_integer<unsigned>(head[1])) % 31 == 0;
}

std::unique_ptr<Decoder> make_decoder(const Limits& limits) {
  return make_block_decoder(self, make_stream(limits));
}

// zlib's manual: 2^(window bits + 2) + 2^(memory level + 9), and a few KiB. Scratch: the bound of
// stored deflate blocks, 1/4096 and less on top.
std::uint64_t encoder_bytes(int, std::uint64_t block_bytes) {
  constexpr std::uint64_t state = (1 << (15 + 2)) + (1 << (memory_level + 9)) + (16 << 10);
  return state + block_bytes + block_bytes / 1024 + 64;
}

}  // namespace

const Implementation gzip{make_encoder, make_decoder, make_stream, encoder_bytes};
const StreamKind zlib_kind{"zlib", make_zlib, begins_zlib, 0, false, true};
const StreamKind deflate_kind{"deflate", make_deflate, [](ByteView) { return true; },
                              0,         false,        true};

}  // namespace brine::codec
