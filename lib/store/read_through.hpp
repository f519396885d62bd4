// Reads a payload for somebody who need not see all of it.
#pragma once

#include <algorithm>

#include "brine/bytes.hpp"

namespace brine::store {

/// Hands `payload` to `reader`, which has write() and pass(), and does not read what it passes.
/// Throws: what `payload` and `reader` throw.
template <typename Reader>
void read_through(const RandomSource& payload, Reader& reader) {
  constexpr std::uint64_t largest_piece = 256 << 10;
  const std::uint64_t size = payload.size();
  Bytes piece(static_cast<std::size_t>(std::min(size, largest_piece)));
  for (std::uint64_t at = 0; at < size; at += reader.pass(size - at)) {
    const ByteSpan front = ByteSpan(piece).first(
        static_cast<std::size_t>(std::min<std::uint64_t>(piece.size(), size - at)));
    payload.read_at(at, front);
    reader.write(front);
    at += front.size();
  }
}

}  // namespace brine::store
