// An object graph as JSON, for people and scripts that look into a pickle.
//
//   value  = null | true | false | number | string | [ value, ... ] | { "key": value, ... } |
//   marked marked = { "$type": TYPE, ... }     what JSON has no form for; docs/cli.md lists the
//   types
//          | { "$ref": ID }             an object that stands elsewhere in the document
//   line   = value
//          | { "$root": value, "$deep": { "ID": value, ... } }    what lies too deep stands aside
//
// An object that is met more than once has "$id". All of it is ASCII.
#pragma once

#include <cstdint>

#include "brine/bytes.hpp"
#include "pickle/graph.hpp"

namespace brine::pickle {

/// Values inside one another, until the rest stands aside: each takes up to three levels of JSON,
/// and readers with a bound have one of 256 and more.
inline constexpr std::size_t deepest_json = 80;
/// Longer bytes, and texts that the graph does not hold, are told by their place.
inline constexpr std::uint64_t shown_bytes = 256;

/// Writes the root of `graph` and a newline. Memory: a byte and a half for each node, and what is
/// open. Returns how many bytes it wrote.
/// Throws: limit (`max_bytes`); what `payload` and `out` throw. Lifetime: borrows all.
std::uint64_t write_json(const Graph& graph, const RandomSource& payload, std::uint64_t max_bytes,
                         Sink& out);

}  // namespace brine::pickle
