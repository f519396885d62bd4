// How brine spells bytes: views that borrow, and the two ends of a stream.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "brine/version.hpp"

namespace brine {

using ByteView = std::span<const std::byte>;
using ByteSpan = std::span<std::byte>;
using Bytes = std::vector<std::byte>;

/// Views the characters of `text` as bytes. Lifetime: that of `text`.
inline ByteView bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

/// Views `bytes` as characters, whatever they hold. Lifetime: that of `bytes`.
inline std::string_view text_of(ByteView bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// Where bytes come from.
class BRINE_API Source {
 public:
  virtual ~Source();

  /// Fills the front of `buffer` and returns how many bytes that is; 0 is the end.
  /// Throws: environment, and corrupt from a source that decodes.
  virtual std::size_t read(ByteSpan buffer) = 0;
};

/// Bytes that can be read anywhere, in any order.
class BRINE_API RandomSource {
 public:
  virtual ~RandomSource();

  virtual std::uint64_t size() const = 0;

  /// Fills all of `buffer` from `offset` on. Requires: the range lies inside size().
  /// Throws: environment; corrupt when the bytes are not there.
  /// Thread-safety: any thread.
  virtual void read_at(std::uint64_t offset, ByteSpan buffer) const = 0;
};

/// Where bytes go.
class BRINE_API Sink {
 public:
  virtual ~Sink();

  /// Takes all of `bytes`. Lifetime: `bytes` is read during the call only.
  /// Throws: environment, no_space.
  virtual void write(ByteView bytes) = 0;
};

}  // namespace brine
