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

// A range, decoded. Ends with an error where it has not as many bytes as it should have.
class DecodedRange final : public Source {
 public:
  DecodedRange(const RandomSource& whole, std::uint64_t offset, std::uint64_t bytes,
               StreamFormat format, const Limits& limits, std::optional<std::uint64_t> promised)
      : range_(whole, offset, bytes),
        stored_(range_),
        decoded_(codec::make_decoding_source(format, stored_, limits)),
        promised_(promised) {}

  std::size_t read(ByteSpan buffer) override {
    const std::size_t count = decoded_->read(buffer);
    read_ += count;
    const bool is_wrong =
        promised_ && (read_ > *promised_ || (count == 0 && !buffer.empty() && read_ != *promised_));
    if (is_wrong) {
      throw Error(Errc::corrupt, fmt::format("it unfolds to other than {} bytes", *promised_));
    }
    return count;
  }

 private:
  io::Range range_;
  io::SequentialSource stored_;
  std::unique_ptr<Source> decoded_;
  std::optional<std::uint64_t> promised_;
  std::uint64_t read_ = 0;
};

class StoredRange final : public Source {
 public:
  StoredRange(const RandomSource& whole, std::uint64_t offset, std::uint64_t bytes)
      : range_(whole, offset, bytes), stored_(range_) {}
  std::size_t read(ByteSpan buffer) override { return stored_.read(buffer); }

 private:
  io::Range range_;
  io::SequentialSource stored_;
};

}  // namespace

bool is_compressed(Format format) noexcept { return stream_of(format).has_value(); }

std::unique_ptr<Source> decode(const RandomSource& payload, Format format, const Limits& limits) {
  const std::uint64_t begin = begin_of_stream(payload, format);
  return std::make_unique<DecodedRange>(payload, begin, payload.size() - begin, *stream_of(format),
                                        limits, std::nullopt);
}

std::unique_ptr<Source> decode(const RandomSource& zip, const archive::ZipMember& member,
                               const Limits& limits) {
  constexpr std::uint16_t deflated = 8;
  if (member.method == 0) {
    return std::make_unique<StoredRange>(zip, member.offset, member.bytes);
  }
  if (member.method != deflated) {
    throw Error(Errc::unsupported, archive::unreadable(member));
  }
  return std::make_unique<DecodedRange>(zip, member.offset, member.stored_bytes,
                                        StreamFormat::deflate, limits, member.bytes);
}

io::ScratchFile unfold(Source& source, const Limits& limits) {
  io::ScratchFile unfolded;
  Bytes piece(1U << 20);
  while (const std::size_t count = source.read(piece)) {
    base::require_within(unfolded.size() + count, limits.max_unfolded_bytes, "max_unfolded_bytes");
    unfolded.write(ByteView(piece).first(count));
  }
  return unfolded;
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
