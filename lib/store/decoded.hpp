// What compressed payloads and members unfold to.
#pragma once

#include <memory>
#include <optional>

#include "archive/format.hpp"
#include "archive/zip.hpp"
#include "brine/bytes.hpp"
#include "brine/limits.hpp"
#include "io/file.hpp"

namespace brine::store {

/// Whether `format` is one compressed stream.
bool is_compressed(archive::Format format) noexcept;

/// Decodes a payload from its front. Requires: is_compressed(format). Throws: unsupported; from
/// read(), as codec::make_decoding_source. Lifetime: borrows `payload`.
std::unique_ptr<Source> decode(const RandomSource& payload, archive::Format format,
                               const Limits& limits);

/// Decodes a member from its front; a stored one is passed on. Throws: unsupported for other
/// methods than deflate; from read(), corrupt when it has not the length that the zip says.
std::unique_ptr<Source> decode(const RandomSource& zip, const archive::ZipMember& member,
                               const Limits& limits);

/// Reads `source` to its end into a temporary file. Throws: limit (max_unfolded_bytes),
/// environment, no_space, and what `source` throws.
io::ScratchFile unfold(Source& source, const Limits& limits);

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
