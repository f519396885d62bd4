#include "store/decoded.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/arithmetic.hpp"
#include "brine/error.hpp"
#include "codec/codec.hpp"
#include "io/range.hpp"

namespace brine::store {
namespace {

using archive::Format;
using codec::StreamFormat;

std::optional<StreamFormat> stream_of(Format format) noexcept {
  switch (format) {
    case Format::gzip:
      return StreamFormat::gzip;
    case Format::bzip2:
      return StreamFormat::bzip2;
    case Format::xz:
      return StreamFormat::xz;
    case Format::zstd:
      return StreamFormat::zstd;
    case Format::lzma:
      return StreamFormat::lzma;
    case Format::zlib:
    case Format::zfile:
      return StreamFormat::zlib;
    case Format::lz4:
      return StreamFormat::lz4;
    default:
      return std::nullopt;
  }
}

// Of joblib's `ZF`: the length in hex fills 19 characters. Python 2 writes one more, a blank, and
// no stream of zlib begins with a blank. Source: joblib/numpy_pickle_compat.py (facts only).
std::uint64_t begin_of_stream(const RandomSource& payload, Format format) {
  constexpr std::uint64_t zfile_header = 21;
  if (format != Format::zfile) return 0;
  if (payload.size() <= zfile_header) throw Error(Errc::corrupt, "the header is truncated");
  std::array<std::byte, 1> next{};
  payload.read_at(zfile_header, next);
  return zfile_header + (next[0] == std::byte{' '} ? 1 : 0);
}

// A range, decoded. Ends with an error where it has not as many bytes as it should have, or where
// all that was decoded is too much.
class DecodedRange final : public Source {
 public:
  struct Bounds {
    std::optional<std::uint64_t> promised;
    std::uint64_t& count;
    std::uint64_t most;
  };

  DecodedRange(io::Range range, StreamFormat format, const Limits& limits, Bounds bounds)
      : range_(range),
        stored_(range_),
        decoded_(codec::make_decoding_source(format, stored_, limits)),
        bounds_(bounds) {}

  std::size_t read(ByteSpan buffer) override {
    const std::size_t count = decoded_->read(buffer);
    bounds_.count += count;
    if (bounds_.count > bounds_.most) {
      throw Error(Errc::limit, fmt::format("max_unfolded_ratio: what is inside unfolds to over {} "
                                           "bytes",
                                           bounds_.most));
    }
    read_ += count;
    const bool is_at_end = count == 0 && !buffer.empty();
    const std::uint64_t promised = bounds_.promised.value_or(read_);
    if (read_ > promised || (is_at_end && read_ != promised)) {
      throw Error(Errc::corrupt, fmt::format("it unfolds to other than {} bytes", promised));
    }
    return count;
  }

 private:
  io::Range range_;
  io::SequentialSource stored_;
  std::unique_ptr<Source> decoded_;
  Bounds bounds_;
  std::uint64_t read_ = 0;
};

class StoredRange final : public Source {
 public:
  explicit StoredRange(io::Range range) : range_(range), stored_(range_) {}
  std::size_t read(ByteSpan buffer) override { return stored_.read(buffer); }

 private:
  io::Range range_;
  io::SequentialSource stored_;
};

class BoundedSink final : public Sink {
 public:
  BoundedSink(io::ScratchFile& file, std::uint64_t most) : file_(file), most_(most) {}
  void write(ByteView bytes) override {
    base::require_within(file_.size() + bytes.size(), most_, "max_unfolded_bytes");
    file_.write(bytes);
  }

 private:
  io::ScratchFile& file_;
  std::uint64_t most_;
};

io::ScratchFile into_file(Source& source, const Limits& limits) {
  io::ScratchFile unfolded;
  BoundedSink sink(unfolded, limits.max_unfolded_bytes);
  io::copy(source, sink);
  return unfolded;
}

std::uint64_t most_for(std::uint64_t payload_bytes, const Limits& limits) {
  constexpr std::uint64_t least_payload = 100U << 10;  // what a smaller one counts as
  std::uint64_t most = 0;
  const bool overflows = __builtin_mul_overflow(std::max(payload_bytes, least_payload),
                                                limits.max_unfolded_ratio, &most);
  return overflows ? ~std::uint64_t{0} : most;
}

}  // namespace

bool is_compressed(Format format) noexcept { return stream_of(format).has_value(); }

Unfolder::Unfolder(std::uint64_t payload_bytes, const Limits& limits)
    : limits_(limits), most_(most_for(payload_bytes, limits)) {}

std::unique_ptr<Source> Unfolder::open(const RandomSource& stream, Format format) {
  const std::uint64_t begin = begin_of_stream(stream, format);
  return std::make_unique<DecodedRange>(io::Range(stream, begin, stream.size() - begin),
                                        *stream_of(format), limits_,
                                        DecodedRange::Bounds{std::nullopt, count_, most_});
}

std::unique_ptr<Source> Unfolder::open(const RandomSource& container,
                                       const archive::Member& member) {
  if (!can_open(member)) {
    throw Error(Errc::unsupported, fmt::format("compressed by method {}", member.method));
  }
  const io::Range range(container, member.offset, member.stored_bytes);
  if (member.method == archive::stored) return std::make_unique<StoredRange>(range);
  return std::make_unique<DecodedRange>(range, StreamFormat::deflate, limits_,
                                        DecodedRange::Bounds{member.bytes, count_, most_});
}

bool Unfolder::can_open(const archive::Member& member) noexcept {
  return member.method == archive::stored || member.method == archive::deflated;
}

io::ScratchFile Unfolder::unfold(const RandomSource& stream, Format format) {
  return into_file(*open(stream, format), limits_);
}

io::ScratchFile Unfolder::unfold(const RandomSource& container, const archive::Member& member) {
  return into_file(*open(container, member), limits_);
}

Front::Front(Source& source, std::uint64_t size, std::size_t most) : held_(most), size_(size) {
  std::size_t held = 0;
  while (held < most) {
    const std::size_t count = source.read(ByteSpan(held_).subspan(held));
    if (count == 0) break;
    held += count;
  }
  held_.resize(held);
}

void Front::read_at(std::uint64_t offset, ByteSpan buffer) const {
  if (offset > held_.size() || buffer.size() > held_.size() - offset) {
    throw Error(Errc::corrupt, "the header is longer than any that is known");
  }
  std::copy_n(held_.begin() + static_cast<std::ptrdiff_t>(offset), buffer.size(), buffer.begin());
}

ByteView Front::from(std::uint64_t offset) const {
  return ByteView(held_).subspan(std::min<std::uint64_t>(offset, held_.size()));
}

}  // namespace brine::store
