// Object graphs of pickles that lie somewhere in a payload.
#pragma once

#include <fmt/format.h>

#include <algorithm>

#include "brine/bytes.hpp"
#include "brine/error.hpp"
#include "pickle/graph.hpp"
#include "pickle/token.hpp"

namespace brine::store {

/// Feeds what lies between `offset` and `end`, and jumps over what is to pass unread.
template <typename Reader>
void read_to_end(const RandomSource& payload, std::uint64_t offset, std::uint64_t end,
                 Reader& reader) {
  constexpr std::size_t piece_bytes = 256U << 10;
  Bytes piece;
  while (reader.state() == pickle::TokenReader::State::reading) {
    const std::uint64_t skipped = reader.take_skip();
    offset = skipped > end - offset ? end : offset + skipped;
    if (offset == end) {
      reader.finish();
      return;
    }
    piece.resize(static_cast<std::size_t>(std::min<std::uint64_t>(piece_bytes, end - offset)));
    payload.read_at(offset, piece);
    offset += reader.feed(piece);
  }
}

/// Throws: limit, or unsupported, unless the reader has come to the STOP.
template <typename Reader>
void require_stopped(const Reader& reader) {
  if (reader.state() == pickle::TokenReader::State::stopped) return;
  const std::string reason = reader.reason();
  throw Error(reason.starts_with("max_") ? Errc::limit : Errc::unsupported,
              fmt::format("at offset {} of the payload: {}", reader.offset(), reason));
}

/// Reads the pickle at `offset` into `graph` and returns where it ends. Throws: as above.
std::uint64_t read_pickle(const RandomSource& payload, std::uint64_t offset, std::uint64_t end,
                          pickle::Graph& graph, const Limits& limits);

}  // namespace brine::store
