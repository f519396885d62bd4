// Object graphs of pickles that lie somewhere in a payload.
#pragma once

#include <fmt/format.h>

#include "brine/bytes.hpp"
#include "brine/error.hpp"
#include "pickle/feed.hpp"
#include "pickle/graph.hpp"

namespace brine::store {

/// Throws: limit, or unsupported, unless the reader has come to the STOP.
template <typename Reader>
void require_stopped(const Reader& reader) {
  if (reader.state() == pickle::TokenReader::State::stopped) return;
  const std::string reason = reader.reason();
  throw Error(reason.starts_with("max_") ? Errc::limit : Errc::unsupported,
              fmt::format("at offset {} of the payload: {}", reader.offset(), reason));
}

/// Reads the pickle at `offset` into `graph` and returns where it ends. Throws: as above.
inline std::uint64_t read_pickle(const RandomSource& payload, std::uint64_t offset,
                                 std::uint64_t end, pickle::Graph& graph, const Limits& limits) {
  pickle::TokenReader reader(graph, offset, limits);
  pickle::read_to_end(payload, offset, end, reader);
  require_stopped(reader);
  return reader.offset();
}

}  // namespace brine::store
