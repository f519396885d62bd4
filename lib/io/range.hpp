// Part of a source.
#pragma once

#include "brine/bytes.hpp"

namespace brine::io {

/// A range of another source as a source of its own. Lifetime: borrows `whole`.
class Range final : public RandomSource {
 public:
  /// Requires: the range lies within `whole`.
  Range(const RandomSource& whole, std::uint64_t offset, std::uint64_t bytes)
      : whole_(whole), offset_(offset), bytes_(bytes) {}
  std::uint64_t size() const override { return bytes_; }
  void read_at(std::uint64_t offset, ByteSpan buffer) const override {
    whole_.read_at(offset_ + offset, buffer);
  }

 private:
  const RandomSource& whole_;
  std::uint64_t offset_;
  std::uint64_t bytes_;
};

}  // namespace brine::io
