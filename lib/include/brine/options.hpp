// Options of the store, for designated initialisers: Store::open(path, {.threads = 2}).
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "brine/codec.hpp"
#include "brine/limits.hpp"
#include "brine/snapshot.hpp"

namespace brine {

/// Called with bytes done and bytes in all (0 where unknown), from the calling thread.
using Progress = std::function<void(std::uint64_t done, std::uint64_t total)>;

/// Fixed when a store is made; kept in its brine.json.
struct CreateOptions {
  /// Codec of saves that name none.
  Codec codec = {};
  /// Command that gets the event of a fallback as JSON on its standard input; empty: none. It is
  /// run by the shell, and only while brine.json belongs to the user and nobody else may write it.
  std::string on_fallback = {};
};

struct OpenOptions {
  // Behaviour.
  Limits limits = {};
  /// How long to wait for another process that holds the store's lock.
  std::uint64_t lock_timeout_ms = 30'000;
  // Performance.
  /// Threads that compress and decompress; 0: one per processor, at most 16, and for saves at most
  /// as many as keep a save under 200 MiB (two with xz:6, six with zstd:3).
  unsigned threads = 0;
};

struct SaveOptions {
  // Behaviour.
  /// Default: the store's.
  std::optional<Codec> codec = {};
  std::optional<std::int64_t> step = {};
  std::map<std::string, double> metrics = {};
  std::vector<std::string> tags = {};
  Origin origin = Origin::file;
  /// Codec that was taken off the input, for the record; empty: none.
  std::string wrapper = {};
  /// Whether a pack is one stream of the payload itself under the codec's stock tool.
  bool plain = false;
  /// Whether bytes that are no checkpoint, or only half of one, are kept all the same.
  bool as_is = false;
  /// Whether the pack is decoded and compared before the save is committed.
  bool verify = true;
  // Performance.
  Progress progress = {};
};

/// Which bytes a load hands over.
enum class Migrate : std::uint8_t {
  on_load,  ///< rewritten by every registered step later than the snapshot
  never,    ///< bit for bit as saved
};

struct LoadOptions {
  /// After the asked-for snapshot, try its known-good ancestors, newest first.
  bool fallback = false;
  /// Whether a payload of verdict `dangerous` is handed over.
  bool unsafe = false;
  Migrate migrate = Migrate::on_load;
  /// Symbols (`module:Name`) or modules that count as allowed.
  std::vector<std::string> trusted = {};
  /// Overrides the store's own; see CreateOptions.
  std::optional<std::string> on_fallback = {};
  Progress progress = {};
};

struct LogQuery {
  std::optional<std::string> line = {};
  std::optional<std::string> tag = {};
  /// Newest first; 0: all.
  std::uint64_t limit = 0;
};

}  // namespace brine
