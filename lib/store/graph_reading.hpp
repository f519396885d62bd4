// Object graphs of pickles that lie somewhere in a payload.
#pragma once

#include <fmt/format.h>

#include "brine/bytes.hpp"
#include "brine/error.hpp"
#include "pickle/feed.hpp"
#include "pickle/graph.hpp"

namespace brine::store {

/// Throws unless the reader, which fills `graph`, has come to the STOP: limit; unsupported where
/// only imported code could tell how it goes on; corrupt.
template <typename Reader>
void require_stopped(const Reader& reader, const pickle::Graph& graph) {
  if (reader.state() == pickle::TokenReader::State::stopped) return;
  const std::string reason = reader.reason();
  const Errc code = reason.starts_with("max_") ? Errc::limit
                    : graph.is_unsupported()   ? Errc::unsupported
                                               : Errc::corrupt;
  throw Error(code, fmt::format("at offset {} of the payload: {}", reader.offset(), reason));
}

/// Reads the pickle at `offset` into `graph` and returns where it ends. Throws: as above.
inline std::uint64_t read_pickle(const RandomSource& payload, std::uint64_t offset,
                                 std::uint64_t end, pickle::Graph& graph, const Limits& limits) {
  pickle::TokenReader reader(graph, offset, limits);
  pickle::read_to_end(payload, offset, end, reader);
  require_stopped(reader, graph);
  return reader.offset();
}

}  // namespace brine::store
