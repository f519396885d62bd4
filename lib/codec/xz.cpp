// Xz streams by liblzma; those of the lzma tools before xz are read.
#include <fmt/format.h>
#include <lzma.h>

#include <algorithm>
#include <array>

#include "brine/error.hpp"
#include "codec/stream.hpp"

namespace brine::codec {
namespace {

constexpr auto self = CodecId::xz;

// The LZMA2 filter of a preset, its dictionary no larger than the block that it will see.
class Filter {
 public:
  Filter(int level, std::uint64_t block_bytes) {
    if (lzma_lzma_preset(&options_, static_cast<std::uint32_t>(level))) {
      throw_unexpected(self, "lzma_lzma_preset", level);
    }
    options_.dict_size = static_cast<std::uint32_t>(std::min<std::uint64_t>(
        options_.dict_size, std::max<std::uint64_t>(block_bytes, LZMA_DICT_SIZE_MIN)));
  }
  Filter(const Filter&) = delete;
  Filter& operator=(const Filter&) = delete;

  const lzma_filter* chain() const noexcept { return chain_.data(); }

 private:
  lzma_options_lzma options_{};
  std::array<lzma_filter, 2> chain_{{{LZMA_FILTER_LZMA2, &options_}, {LZMA_VLI_UNKNOWN, nullptr}}};
};

class XzEncoder final : public Encoder {
 public:
  XzEncoder(int level, std::uint64_t block_bytes) : filter_(level, block_bytes) {}
  ~XzEncoder() override { lzma_end(&stream_); }

  // A stream that is opened again keeps its memory.
  void encode(ByteView raw, Bytes& out) override {
    const lzma_ret opened = lzma_stream_encoder(&stream_, filter_.chain(), LZMA_CHECK_CRC64);
    if (opened == LZMA_MEM_ERROR) throw_no_memory(self);
    if (opened != LZMA_OK) throw_unexpected(self, "lzma_stream_encoder", opened);
    const ByteSpan scratch = at_least(scratch_, lzma_stream_buffer_bound(raw.size()));
    stream_.next_in = reinterpret_cast<const std::uint8_t*>(raw.data());
    stream_.avail_in = raw.size();
    stream_.next_out = reinterpret_cast<std::uint8_t*>(scratch.data());
    stream_.avail_out = scratch.size();
    const lzma_ret status = lzma_code(&stream_, LZMA_FINISH);
    if (status == LZMA_MEM_ERROR) throw_no_memory(self);
    if (status != LZMA_STREAM_END) throw_unexpected(self, "lzma_code", status);
    const std::size_t made = scratch.size() - stream_.avail_out;
    const ByteView done = scratch.first(made);
    out.assign(done.begin(), done.end());
  }

 private:
  Filter filter_;
  lzma_stream stream_ = LZMA_STREAM_INIT;
  Bytes scratch_;
};

enum class Form : std::uint8_t { xz, alone };

class XzStream final : public StreamDecoder {
 public:
  XzStream(Form form, const Limits& limits) : form_(form), max_bytes_(limits.max_decoder_bytes) {}
  ~XzStream() override { lzma_end(&stream_); }

  void begin() override {
    // A memory limit of 0 is no limit that liblzma takes.
    const std::uint64_t most = std::max<std::uint64_t>(max_bytes_, 1);
    const lzma_ret status = form_ == Form::alone
                                ? lzma_alone_decoder(&stream_, most)
                                : lzma_stream_decoder(&stream_, most, LZMA_TELL_UNSUPPORTED_CHECK);
    if (status == LZMA_MEM_ERROR) throw_no_memory(self);
    if (status != LZMA_OK) throw_unexpected(self, "lzma_stream_decoder", status);
  }

  Step step(ByteView encoded, ByteSpan room) override {
    stream_.next_in = reinterpret_cast<const std::uint8_t*>(encoded.data());
    stream_.avail_in = encoded.size();
    stream_.next_out = reinterpret_cast<std::uint8_t*>(room.data());
    stream_.avail_out = room.size();
    const lzma_ret status = lzma_code(&stream_, LZMA_RUN);
    switch (status) {
      case LZMA_OK:
      case LZMA_BUF_ERROR:
      case LZMA_STREAM_END:
        return {encoded.size() - stream_.avail_in, room.size() - stream_.avail_out,
                status == LZMA_STREAM_END};
      default:
        fail(status);
    }
  }

 private:
  [[noreturn]] void fail(lzma_ret status) {
    switch (status) {
      case LZMA_DATA_ERROR:
        throw_damaged(name(), "invalid data or check");
      case LZMA_FORMAT_ERROR:
        throw_damaged(name(), "the magic number is missing");
      case LZMA_UNSUPPORTED_CHECK:
        throw Error(Errc::unsupported, "xz data with an unknown kind of integrity check");
      case LZMA_OPTIONS_ERROR:
        throw Error(Errc::unsupported, "xz data with unknown filters or options");
      case LZMA_MEMLIMIT_ERROR:
        throw Error(Errc::limit, fmt::format("max_decoder_bytes is {}, this {} data needs {}",
                                             max_bytes_, name(), lzma_memusage(&stream_)));
      case LZMA_MEM_ERROR:
        throw_no_memory(self);
      default:
        throw_unexpected(self, "lzma_code", status);
    }
  }

  std::string_view name() const { return form_ == Form::xz ? "xz" : "lzma"; }

  Form form_;
  std::uint64_t max_bytes_;
  lzma_stream stream_ = LZMA_STREAM_INIT;
};

std::unique_ptr<Encoder> make_encoder(int level, std::uint64_t block_bytes) {
  return std::make_unique<XzEncoder>(level, block_bytes);
}

std::unique_ptr<StreamDecoder> make_stream(const Limits& limits) {
  return std::make_unique<XzStream>(Form::xz, limits);
}

std::unique_ptr<StreamDecoder> make_alone(const Limits& limits) {
  return std::make_unique<XzStream>(Form::alone, limits);
}

// Properties of a decoder, below 225; a dictionary of 2^n or 2^n + 2^(n-1) bytes is up to liblzma.
bool begins_alone(ByteView head) { return !head.empty() && head[0] < std::byte{225}; }

std::unique_ptr<Decoder> make_decoder(const Limits& limits) {
  return make_block_decoder(self, make_stream(limits));
}

std::uint64_t encoder_bytes(int level, std::uint64_t block_bytes) {
  const Filter filter(level, block_bytes);
  return lzma_raw_encoder_memusage(filter.chain()) + lzma_stream_buffer_bound(block_bytes);
}

}  // namespace

const Implementation xz{make_encoder, make_decoder, make_stream, encoder_bytes};
const StreamKind lzma_kind{"lzma", make_alone, begins_alone, 0, false, true};

}  // namespace brine::codec
