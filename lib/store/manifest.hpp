// The manifest: all that is known of a snapshot, as one line of canonical JSON.
//
// Canonical: keys sorted, no blanks, UTF-8. The SHA-256 of that line is the snapshot's id and the
// manifest's file name, so that a damaged manifest is known by its name.
//
//   version 1: docs/format.md draws every field.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "brine/limits.hpp"
#include "brine/snapshot.hpp"
#include "pack/pack.hpp"

namespace brine::store {

inline constexpr int manifest_version = 1;

struct Manifest {
  Snapshot snapshot;  ///< `id` is not in the text; `state` is the one at save time
  std::string store;  ///< id of the store it was saved in
  std::string pack;   ///< id of the pack; empty when the payload is
  std::string wrapper;
  digest::Xxh128 payload_digest;
  std::vector<pack::Block> blocks;
  std::vector<BufferInfo> buffers;
  ScanReport scan;
  std::map<std::string, std::uint64_t> steps;
};

/// Writes the canonical text.
std::string encode(const Manifest& manifest);

/// Reads it. Checks types, ranges, that the blocks cover the payload and lie in the pack, and that
/// line, tags, metrics and ids are well-formed. `snapshot.id` is left empty.
/// Throws: corrupt; unsupported for a newer version; limit.
Manifest decode_manifest(std::string_view text, const Limits& limits);

}  // namespace brine::store
