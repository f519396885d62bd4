// From a payload that can be read anywhere to a reader of tokens.
#pragma once

#include <algorithm>

#include "pickle/token.hpp"

namespace brine::pickle {

/// Feeds what lies between `offset` and `end` to a TokenReader, or to what is read like one, and
/// jumps over what is to pass unread.
template <typename Reader>
void read_to_end(const RandomSource& payload, std::uint64_t offset, std::uint64_t end,
                 Reader& reader) {
  constexpr std::uint64_t piece_bytes = 256U << 10;
  Bytes piece;
  while (reader.state() == TokenReader::State::reading) {
    const std::uint64_t skipped = reader.take_skip();
    offset = skipped > end - offset ? end : offset + skipped;
    if (offset == end) {
      reader.finish();
      return;
    }
    piece.resize(static_cast<std::size_t>(std::min(piece_bytes, end - offset)));
    payload.read_at(offset, piece);
    offset += reader.feed(piece);
  }
}

}  // namespace brine::pickle
