// Zstandard frames (RFC 8878) by libzstd.
#define ZSTD_STATIC_LINKING_ONLY  // the estimate of a context's size has no stable form
#include <fmt/format.h>
#include <zstd.h>
#include <zstd_errors.h>

#include <algorithm>
#include <bit>

#include "brine/error.hpp"
#include "codec/stream.hpp"

namespace brine::codec {
namespace {

constexpr auto self = CodecId::zstd;

struct Free {
  void operator()(ZSTD_CCtx* context) const noexcept { ZSTD_freeCCtx(context); }
  void operator()(ZSTD_DCtx* context) const noexcept { ZSTD_freeDCtx(context); }
};
using CompressionContext = std::unique_ptr<ZSTD_CCtx, Free>;
using DecompressionContext = std::unique_ptr<ZSTD_DCtx, Free>;

DecompressionContext make_context() {
  DecompressionContext context(ZSTD_createDCtx());
  if (!context) throw_no_memory(self);
  return context;
}

// Returns an answer that is not an error.
std::size_t encoded(std::size_t answer) {
  if (!ZSTD_isError(answer)) return answer;
  if (ZSTD_getErrorCode(answer) == ZSTD_error_memory_allocation) throw_no_memory(self);
  throw Error(Errc::internal, fmt::format("zstd: {}", ZSTD_getErrorName(answer)));
}

std::size_t decoded(std::size_t answer) {
  if (!ZSTD_isError(answer)) return answer;
  switch (ZSTD_getErrorCode(answer)) {
    case ZSTD_error_memory_allocation:
      throw_no_memory(self);
    case ZSTD_error_dstSize_tooSmall:
      throw_damaged(self, "it decodes to more than expected");
    default:
      throw_damaged(self, ZSTD_getErrorName(answer));
  }
}

// One call that knows the length compresses with a window no larger than the block, and writes the
// length into the frame.
class ZstdEncoder final : public Encoder {
 public:
  explicit ZstdEncoder(int level) : context_(ZSTD_createCCtx()) {
    if (!context_) throw_no_memory(self);
    encoded(ZSTD_CCtx_setParameter(context_.get(), ZSTD_c_compressionLevel, level));
    encoded(ZSTD_CCtx_setParameter(context_.get(), ZSTD_c_checksumFlag, 1));
  }

  void encode(ByteView raw, Bytes& out) override {
    const ByteSpan scratch = at_least(scratch_, ZSTD_compressBound(raw.size()));
    const std::size_t made = encoded(ZSTD_compress2(context_.get(), scratch.data(), scratch.size(),
                                                    raw.data(), raw.size()));
    const ByteView done = scratch.first(made);
    out.assign(done.begin(), done.end());
  }

 private:
  CompressionContext context_;
  Bytes scratch_;
};

// Decodes straight into the caller's block, so that a window costs nothing.
class ZstdDecoder final : public Decoder {
 public:
  ZstdDecoder() : context_(make_context()) {}

  void decode(ByteView stored, ByteSpan raw) override {
    require_magic(self, stored);
    if (stored[0] != std::byte{ZSTD_MAGICNUMBER & 0xff}) {
      throw_damaged(self, "a skippable frame in place of a block");
    }
    const std::size_t frame = decoded(ZSTD_findFrameCompressedSize(stored.data(), stored.size()));
    if (frame != stored.size()) {
      throw_damaged(self, fmt::format("{} bytes are left over", stored.size() - frame));
    }
    const std::size_t made = decoded(ZSTD_decompressDCtx(context_.get(), raw.data(), raw.size(),
                                                         stored.data(), stored.size()));
    if (made != raw.size()) {
      throw_damaged(self, fmt::format("it decodes to {} bytes, expected {}", made, raw.size()));
    }
  }

 private:
  DecompressionContext context_;
};

class ZstdStream final : public StreamDecoder {
 public:
  explicit ZstdStream(const Limits& limits)
      : max_bytes_(limits.max_decoder_bytes), context_(make_context()) {
    const ZSTD_bounds bounds = ZSTD_dParam_getBounds(ZSTD_d_windowLogMax);
    const int log = std::clamp(static_cast<int>(std::bit_width(max_bytes_)) - 1, bounds.lowerBound,
                               bounds.upperBound);
    encoded(ZSTD_DCtx_setParameter(context_.get(), ZSTD_d_windowLogMax, log));
  }

  void begin() override { ZSTD_DCtx_reset(context_.get(), ZSTD_reset_session_only); }

  Step step(ByteView stored, ByteSpan room) override {
    ZSTD_inBuffer in{stored.data(), stored.size(), 0};
    ZSTD_outBuffer out{room.data(), room.size(), 0};
    const std::size_t wanted = ZSTD_decompressStream(context_.get(), &out, &in);
    if (ZSTD_getErrorCode(wanted) == ZSTD_error_frameParameter_windowTooLarge) {
      throw Error(Errc::limit,
                  fmt::format("max_decoder_bytes is {}, this zstd frame needs more", max_bytes_));
    }
    return {in.pos, out.pos, decoded(wanted) == 0};
  }

 private:
  std::uint64_t max_bytes_;
  DecompressionContext context_;
};

std::unique_ptr<Encoder> make_encoder(int level, std::uint64_t) {
  return std::make_unique<ZstdEncoder>(level);
}

std::unique_ptr<Decoder> make_decoder(const Limits&) { return std::make_unique<ZstdDecoder>(); }

std::unique_ptr<StreamDecoder> make_stream(const Limits& limits) {
  return std::make_unique<ZstdStream>(limits);
}

std::uint64_t encoder_bytes(int level, std::uint64_t block_bytes) {
  // A hint of 0 would mean "unknown" and give the windows of endless streams.
  const auto parameters = ZSTD_getCParams(level, std::max<std::uint64_t>(block_bytes, 1), 0);
  constexpr std::uint64_t allocator_bytes = 16 << 10;  // two large allocations, rounded to pages
  return ZSTD_estimateCCtxSize_usingCParams(parameters) + ZSTD_compressBound(block_bytes) +
         allocator_bytes;
}

}  // namespace

const Implementation zstd{make_encoder, make_decoder, make_stream, encoder_bytes};

}  // namespace brine::codec
