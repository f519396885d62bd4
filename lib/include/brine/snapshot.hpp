// What a store knows about a snapshot. Plain values: copies that outlive the store.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "brine/codec.hpp"
#include "brine/pickle.hpp"

namespace brine {

/// How far a snapshot is trusted. Persistent: the names appear in the catalog.
enum class State : std::uint8_t {
  saved = 0,        ///< durable, not checked
  verified = 1,     ///< every digest checked, decoded once
  good = 2,         ///< known-good: a fallback may serve it
  suspect = 3,      ///< three loads of it died: a fallback passes it over
  quarantined = 4,  ///< damaged: kept, never chosen by itself
  revoked = 5,      ///< withdrawn by its owner
};

BRINE_API std::string_view to_string(State state) noexcept;

/// Where the payload came from, which decides what may be unpickled: an object that this store's
/// owner saved is loadable by the symbols recorded then, a file must pass the policy.
enum class Origin : std::uint8_t { file = 0, object = 1 };

BRINE_API std::string_view to_string(Origin origin) noexcept;

/// One immutable saved checkpoint.
struct Snapshot {
  std::string id;      ///< SHA-256 of its manifest, 64 hex digits
  std::string line;
  std::uint64_t seq = 0;  ///< 1, 2, 3... in its line
  std::string parent;     ///< id of the snapshot before it in the line; empty for the first
  std::string created;    ///< UTC, `2026-05-04T03:02:01.123Z`
  std::optional<std::int64_t> step;
  std::map<std::string, double> metrics;  ///< may hold NaN and infinities
  std::vector<std::string> tags;          ///< sorted
  std::uint64_t payload_bytes = 0;
  std::uint64_t stored_bytes = 0;  ///< of its pack
  Codec codec;
  std::string format;   ///< as in ScanReport
  int protocol = 0;
  Origin origin = Origin::file;
  Verdict verdict = Verdict::unknown;
  State state = State::saved;
};

/// One block of a payload, as its manifest has it.
struct BlockInfo {
  std::uint64_t offset = 0;  ///< in the payload
  std::uint64_t bytes = 0;
  std::uint64_t stored_offset = 0;  ///< in the pack
  std::uint64_t stored_bytes = 0;
};

/// A large buffer inside a payload.
struct BufferInfo {
  std::uint64_t offset = 0;  ///< in the payload
  std::uint64_t bytes = 0;
};

/// What the elements of a tensor are like.
struct TensorStatistics {
  using Number = std::variant<double, std::int64_t, std::uint64_t>;
  /// Of the finite elements. Absent where there is none, and for complex numbers.
  std::optional<Number> min;
  std::optional<Number> max;
  std::uint64_t nans = 0;        ///< elements that are no number
  std::uint64_t infinities = 0;  ///< of either sign
  std::uint64_t zeros = 0;       ///< of either sign
  /// Whether they are of the integers that stand for the elements of a quantised tensor.
  bool is_raw = false;
};

/// A tensor of numpy or torch inside a payload, with the path on which the object graph leads to
/// it: `encoder.layers[3].weight`. Names are attributes and keys that are texts, `[3]` is a
/// position or an integer key, `["a b"]` and `[(1, 2)]` other keys, `()` the arguments of the call
/// that makes an object; docs/cli.md has the grammar. No two places of a payload have one path.
/// Empty: it is the payload.
struct TensorInfo {
  std::string path;
  std::string dtype;  ///< `float32`, `float64, big-endian`, `{feature: int64, threshold: float64}`
  std::vector<std::uint64_t> shape;  ///< empty: a scalar
  /// In the payload, of the raw elements. Absent where they do not stand there as they are: Python
  /// writes bytes as text into protocol 2, and buffers beside a pickle of protocol 5.
  std::optional<std::uint64_t> offset;
  std::uint64_t bytes = 0;  ///< of the elements; 0: they are objects
  /// Where they were asked for, and the elements are numbers that could be read.
  std::optional<TensorStatistics> statistics = {};
  /// Where statistics were asked for and there are none: why, in a word or three.
  std::string unmeasured = {};
  /// Path of the first tensor before this one in the list that has elements in common with it: tied
  /// weights, views of one storage. Absent: there is none.
  std::optional<std::string> shares = {};
  /// Of `bytes`, those that tensors before this one have, too: a sum without them counts each once.
  std::uint64_t shared_bytes = 0;
};

/// What to tell of tensors besides their places.
struct TensorOptions {
  bool statistics = false;  ///< reads all elements
};

/// One line of a tree of objects: one object in the place where it is met first, or a place that
/// leads to it.
struct TreeRow {
  std::uint32_t level = 0;  ///< 0: what was saved
  /// The last step of its path, without its dot: `weight`, `[3]`, `["a b"]`; `()` for the arguments
  /// of the call that makes an object. Of level 0 `[1]` where there are several pickles.
  std::string name;
  /// What it is: `dict, 3 items`, `float32 3x4`, `sklearn.svm:SVC`, `'text'`. Behind it `&1` where
  /// it is met again, `*1` there, and ` ...` where what it holds is left out.
  std::string text;
};

struct TreeOptions {
  std::uint32_t depth = 3;  ///< levels below the first
  bool all = false;         ///< nothing is folded but by depth, and empty hooks are told
};

/// A snapshot with all that its manifest says.
struct SnapshotDetail {
  Snapshot snapshot;
  std::string pack;     ///< path inside the store
  std::string wrapper;  ///< codec that was taken off the input (`gzip`...), or empty
  std::vector<BlockInfo> blocks;
  std::vector<BufferInfo> buffers;
  std::vector<SymbolCount> symbols;
  std::vector<Finding> findings;
  std::map<std::string, std::uint64_t> steps;  ///< version of every registered table at save time
};

/// Something that happened in a store.
struct Event {
  std::string time;      ///< UTC
  std::string kind;      ///< `fallback`, `quarantine`, `suspect`, `restore`, `verify`, `reindex`
  std::string line;      ///< or empty
  std::string snapshot;  ///< id, or empty
  std::string json;      ///< the details, one JSON object
};

}  // namespace brine
