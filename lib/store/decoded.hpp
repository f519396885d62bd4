// What compressed payloads and members unfold to.
#pragma once

#include <memory>

#include "archive/format.hpp"
#include "archive/member.hpp"
#include "brine/bytes.hpp"
#include "brine/limits.hpp"
#include "io/file.hpp"

namespace brine::store {

/// Whether `format` is one compressed stream.
bool is_compressed(archive::Format format) noexcept;

/// Decodes what is in a payload, and in what is in that: all of it together stays in proportion to
/// the payload. Threads: one. Lifetime: outlives what it opens.
class Unfolder {
 public:
  /// `payload_bytes`: of what came from outside.
  Unfolder(std::uint64_t payload_bytes, const Limits& limits);

  /// Decodes a stream from its front. Requires: is_compressed(format). Throws: unsupported; from
  /// read(), limit (max_unfolded_ratio), and as codec::make_decoding_source.
  std::unique_ptr<Source> open(const RandomSource& stream, archive::Format format);

  /// Decodes a member from its front; a stored one is passed on. Throws: unsupported unless
  /// can_open(); from read(), limit (max_unfolded_ratio), and corrupt when it has not the length
  /// that the container says.
  std::unique_ptr<Source> open(const RandomSource& container, const archive::Member& member);

  /// Decodes all of it into a temporary file. Throws: limit (max_unfolded_bytes), environment,
  /// no_space, and as open().
  io::ScratchFile unfold(const RandomSource& stream, archive::Format format);
  io::ScratchFile unfold(const RandomSource& container, const archive::Member& member);

  /// Whether it is stored or deflated.
  static bool can_open(const archive::Member& member) noexcept;

  const Limits& limits() const noexcept { return limits_; }

 private:
  Limits limits_;
  std::uint64_t most_;       // bytes to decode in all
  std::uint64_t count_ = 0;  // decoded so far
};

/// The front of a source, for who needs to look at a header only.
class Front final : public RandomSource {
 public:
  /// Reads `most` bytes of `source`, or as many as it has. `size`: of all of it.
  Front(Source& source, std::uint64_t size, std::size_t most);
  std::uint64_t size() const override { return size_; }
  /// Throws: corrupt behind the front.
  void read_at(std::uint64_t offset, ByteSpan buffer) const override;

  /// What was read from `offset` on.
  ByteView from(std::uint64_t offset) const;

 private:
  Bytes held_;
  std::uint64_t size_;
};

}  // namespace brine::store
