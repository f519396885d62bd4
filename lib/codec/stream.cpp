#include "codec/stream.hpp"

#include <fmt/format.h>

#include <array>
#include <cstring>

#include "base/arithmetic.hpp"
#include "brine/error.hpp"

namespace brine::codec {
namespace {

class BlockDecoder final : public Decoder {
 public:
  BlockDecoder(CodecId codec, std::unique_ptr<StreamDecoder> stream)
      : codec_(codec), stream_(std::move(stream)) {}

  void decode(ByteView stored, ByteSpan raw) override {
    require_magic(codec_, stored);
    const std::size_t promised = raw.size();
    // Room for one byte too many tells "complete" from "there is more", and some libraries notice
    // the end only while they have room.
    std::byte surplus{};
    stream_->begin();
    for (bool ended = false; !ended;) {
      const bool full = raw.empty();
      const Step step = stream_->step(stored, full ? ByteSpan(&surplus, 1) : raw);
      if (full && step.produced > 0) {
        throw_damaged(codec_, fmt::format("it decodes to more than {} bytes", promised));
      }
      if (!full) raw = raw.subspan(step.produced);
      stored = stored.subspan(step.consumed);
      ended = step.ended;
      if (!ended && step.consumed == 0 && step.produced == 0) throw_damaged(codec_, "truncated");
    }
    if (!raw.empty()) {
      throw_damaged(codec_, fmt::format("it decodes to {} bytes, expected {}",
                                        promised - raw.size(), promised));
    }
    if (!stored.empty()) {
      throw_damaged(codec_, fmt::format("{} bytes are left over", stored.size()));
    }
  }

 private:
  CodecId codec_;
  std::unique_ptr<StreamDecoder> stream_;
};

class PlainSource final : public Source {
 public:
  explicit PlainSource(Source& source) : source_(source) {}
  std::size_t read(ByteSpan buffer) override { return source_.read(buffer); }

 private:
  Source& source_;
};

class DecodingSource final : public Source {
 public:
  DecodingSource(const StreamKind& kind, Source& encoded, const Limits& limits)
      : kind_(kind),
        encoded_(encoded),
        max_bytes_(limits.max_payload_bytes),
        stream_(kind.make(limits)),
        buffer_(128 << 10),
        input_(ByteView(buffer_).first(0)) {}

  std::size_t read(ByteSpan buffer) override {
    while (!buffer.empty() && (inside_ || begin())) {
      const Step step = advance(buffer);
      inside_ = !step.ended;
      if (step.produced > 0) return step.produced;
      if (inside_ && step.consumed == 0) damaged("truncated");
    }
    return 0;
  }

 private:
  static constexpr std::size_t head_bytes = 6;

  // Begins the next member; false at the end of the input.
  bool begin() {
    if (begun_) skip_padding();
    fill(head_bytes);
    if (begun_ && input_.empty()) return false;
    if (begun_ && (kind_.is_single || !kind_.begins(input_))) {
      damaged("something else behind the last member");
    }
    if (input_.empty()) throw_damaged(kind_.name, "it is empty");
    if (!kind_.begins(input_)) throw_damaged(kind_.name, "the magic number is missing");
    stream_->begin();
    return begun_ = inside_ = true;
  }

  Step advance(ByteSpan buffer) {
    fill(1);
    try {
      const Step step = stream_->step(input_, buffer);
      take(step.consumed);
      decoded_ += step.produced;
      base::require_within(decoded_, max_bytes_, "max_payload_bytes");
      return step;
    } catch (const Error& error) {
      throw error.in_context(fmt::format("near byte {}", position_));
    }
  }

  // Tapes and disks leave zero bytes behind: gzip's own tool ignores them at the end, and the xz
  // format allows them in fours between and behind streams.
  void skip_padding() {
    if (kind_.padding == 0) return;
    const std::uint64_t start = position_;
    for (fill(1); !input_.empty() && input_[0] == std::byte{0}; fill(1)) take(1);
    if (start == position_) return;
    if (kind_.pads_end_only && !input_.empty()) damaged("something else behind the padding");
    if ((position_ - start) % kind_.padding != 0) {
      damaged(fmt::format("the padding is no multiple of {} bytes", kind_.padding));
    }
  }

  // Holds at least `wanted` bytes of input, unless the end comes first.
  void fill(std::size_t wanted) {
    if (input_.size() >= wanted || ended_) return;
    std::size_t held = input_.size();
    std::memmove(buffer_.data(), input_.data(), held);
    while (held < wanted && !ended_) {
      const std::size_t more = encoded_.read(ByteSpan(buffer_).subspan(held));
      ended_ = more == 0;
      held += more;
    }
    input_ = ByteView(buffer_).first(held);
  }

  void take(std::size_t bytes) {
    input_ = input_.subspan(bytes);
    position_ += bytes;
  }

  [[noreturn]] void damaged(std::string_view why) const {
    throw_damaged(kind_.name, fmt::format("{} at byte {}", why, position_));
  }

  const StreamKind& kind_;
  Source& encoded_;
  std::uint64_t max_bytes_;
  std::unique_ptr<StreamDecoder> stream_;
  Bytes buffer_;
  ByteView input_;              // what of buffer_ is not decoded yet
  std::uint64_t position_ = 0;  // of input_ in the stream
  std::uint64_t decoded_ = 0;
  bool ended_ = false;   // encoded_ has no more
  bool begun_ = false;   // a first member was found
  bool inside_ = false;  // a member is not complete yet
};

template <CodecId codec>
bool begins_as(ByteView head) {
  return sniff(head) == codec;
}

// Pointers to members of other files are no constants before those are: so this is a function.
const StreamKind& kind_of(StreamFormat format) {
  static const std::array<StreamKind, 4> of_codecs{{
      {"gzip", gzip.make_stream, begins_as<CodecId::gzip>, 1, true},
      {"bzip2", bzip2.make_stream, begins_as<CodecId::bzip2>},
      {"xz", xz.make_stream, begins_as<CodecId::xz>, 4},
      {"zstd", zstd.make_stream, begins_as<CodecId::zstd>},
  }};
  switch (format) {
    case StreamFormat::lzma:
      return lzma_kind;
    case StreamFormat::zlib:
      return zlib_kind;
    case StreamFormat::deflate:
      return deflate_kind;
    case StreamFormat::lz4:
      return lz4_kind;
    default:
      return of_codecs[static_cast<std::size_t>(format)];
  }
}

}  // namespace

StreamFormat stream_format(CodecId codec) noexcept {
  return static_cast<StreamFormat>(static_cast<unsigned>(codec) - 1);
}

std::unique_ptr<Decoder> make_block_decoder(CodecId codec, std::unique_ptr<StreamDecoder> stream) {
  return std::make_unique<BlockDecoder>(codec, std::move(stream));
}

std::unique_ptr<Source> make_decoding_source(StreamFormat format, Source& encoded,
                                             const Limits& limits) {
  return std::make_unique<DecodingSource>(kind_of(format), encoded, limits);
}

std::unique_ptr<Source> make_decoding_source(CodecId codec, Source& encoded, const Limits& limits) {
  if (codec == CodecId::none) return std::make_unique<PlainSource>(encoded);
  return make_decoding_source(stream_format(codec), encoded, limits);
}

}  // namespace brine::codec
