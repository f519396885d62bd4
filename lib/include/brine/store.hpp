// Start here: a directory that keeps checkpoints.
//
//   auto store = brine::Store::open("runs/.brine");
//   brine::Snapshot saved = store.save("resnet", source, {.step = 1200});
//   brine::LoadReport report = store.load("resnet@good", target, {.fallback = true});
//
// A Store may be used from any thread; saves to one store are serialised where they commit, by a
// lock that holds between processes. A Store must not be carried over fork(): open another.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "brine/bytes.hpp"
#include "brine/error.hpp"
#include "brine/migration.hpp"
#include "brine/options.hpp"
#include "brine/snapshot.hpp"

namespace brine {

/// Where a load delivers a payload.
class BRINE_API Target : public Sink {
 public:
  /// Says how long the payload will be, before its first byte. Called again when the candidate
  /// before it failed half-way: forget what was written since.
  virtual void begin(std::uint64_t payload_bytes) = 0;

  /// Whether begin() can be called a second time. Where it cannot (a pipe), the store decodes and
  /// checks everything once before the first byte is written.
  virtual bool can_restart() const noexcept = 0;
};

/// A snapshot that a load passed over.
struct Rejection {
  std::string snapshot;
  std::uint64_t seq = 0;
  Errc code = Errc::corrupt;
  std::string reason;
};

/// What a load did.
struct LoadReport {
  std::string requested;  ///< id of the snapshot that the reference names
  std::string served;     ///< id of the snapshot whose payload was handed over
  std::string line;
  std::uint64_t seq = 0;            ///< of the one served
  bool fallback = false;            ///< served differs from requested
  std::uint64_t payload_bytes = 0;  ///< handed over
  Origin origin = Origin::file;
  ScanReport scan;                 ///< of the bytes that were handed over
  std::vector<Rename> migrations;  ///< that fired
  std::vector<Rejection> rejected;
  std::vector<std::string> warnings;  ///< what could not be done besides: event, hook
};

/// One thing that is wrong in a store.
struct Problem {
  std::string where;  ///< a path inside the store, or a snapshot's id
  Errc code = Errc::corrupt;
  std::string what;
};

struct VerifyReport {
  std::uint64_t snapshots = 0;
  std::uint64_t blocks = 0;
  std::uint64_t stored_bytes = 0;  ///< read and checked
  std::vector<Problem> problems;
};

struct ReindexReport {
  std::uint64_t snapshots = 0;
  /// Whether the old catalog could still say which snapshots are suspect, quarantined or revoked.
  /// Where not, verify finds out which are damaged.
  bool knows_marks = true;
  std::vector<Problem> problems;  ///< manifests that were left out, and why
};

/// A save under way. Write the payload, then commit(); dropped without it, nothing is left.
/// Not thread-safe; one thread at a time.
class BRINE_API SaveSession final : public Sink {
 public:
  SaveSession(SaveSession&&) noexcept;
  SaveSession& operator=(SaveSession&&) noexcept;
  ~SaveSession() override;

  /// Takes the next bytes of the payload; blocks while the workers are behind.
  /// Throws: environment, no_space, limit.
  void write(ByteView bytes) override;

  /// Makes the snapshot durable and visible, and returns it.
  /// Throws: corrupt when the payload is no whole checkpoint (unless as_is) or when what was
  /// written does not decode to what was given; environment, no_space, busy.
  Snapshot commit();

  struct Impl;

 private:
  friend class Store;
  explicit SaveSession(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// A load whose payload this process is about to use. The store has had a record of it since
/// before the target got its first byte. A process that dies leaves the record behind, and after
/// three of them the snapshot is `suspect`: a fallback passes it over. An end without succeed()
/// takes the record back: whoever can tell of a failure has not died of it.
/// Not thread-safe; one thread at a time. Lifetime: must not outlive the store.
class BRINE_API Attempt {
 public:
  Attempt(Attempt&&) noexcept;
  Attempt& operator=(Attempt&&) noexcept;
  ~Attempt();

  const LoadReport& report() const noexcept;

  /// Says that the payload was used and the process still lives: earlier deaths are forgotten, and
  /// a suspect snapshot is known-good again. What cannot be recorded is a warning in the report.
  void succeed();

  struct Impl;

 private:
  friend class Store;
  explicit Attempt(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

class BRINE_API Store {
 public:
  /// Makes an empty store in `root`, which must not exist or be empty.
  /// Throws: exists, environment, no_space.
  static Store create(const std::filesystem::path& root, const CreateOptions& options = {},
                      const OpenOptions& open_options = {});

  /// Opens the store in `root`. A store that cannot be written opens for reading.
  /// Throws: not_found, unsupported (a newer format), environment. A damaged catalog is not
  /// looked at here: the first call that needs it throws corrupt.
  static Store open(const std::filesystem::path& root, const OpenOptions& options = {});

  /// Returns the nearest `.brine` in `start` or above it, if any.
  static std::optional<std::filesystem::path> find(const std::filesystem::path& start);

  Store(Store&&) noexcept;
  Store& operator=(Store&&) noexcept;
  ~Store();

  const std::filesystem::path& root() const noexcept;
  const CreateOptions& options() const noexcept;

  // Saving.

  /// Begins a save of a payload that arrives in pieces.
  /// Requires: `line` is 1 to 200 characters of letters, digits, `.`, `_`, `-` and begins with a
  /// letter or digit.
  /// Throws: usage (line, metric or tag name), environment when the store is read-only.
  /// Lifetime: the session may outlive neither the store nor a fork().
  SaveSession begin_save(std::string_view line, const SaveOptions& options = {});

  /// Saves all of `payload`.
  Snapshot save(std::string_view line, Source& payload, const SaveOptions& options = {});

  /// Saves a file, taking gzip, bzip2, xz or zstd off a plain pickle first (not with `as_is`).
  /// Throws: as save(), and not_found.
  Snapshot save_file(std::string_view line, const std::filesystem::path& file,
                     const SaveOptions& options = {});

  // Loading.

  /// Hands the payload that `ref` names to `target`. References: LINE, LINE:17, LINE@latest,
  /// LINE@good, LINE@best(metric), LINE@best(-loss), LINE@step=1200, LINE@TAG, LINE~2, or at least
  /// four digits of an id.
  /// Throws: not_found, usage; without `fallback` the error of the snapshot (corrupt, refused...);
  /// with it, unusable when no candidate is left.
  /// On throw, `target` holds nothing that counts: it was not completed.
  LoadReport load(std::string_view ref, Target& target, const LoadOptions& options = {});

  /// The same for a payload that this process will use at once: see Attempt.
  Attempt attempt(std::string_view ref, Target& target, const LoadOptions& options = {});

  /// The same into a file, which appears whole or not at all.
  LoadReport load_file(std::string_view ref, const std::filesystem::path& file,
                       const LoadOptions& options = {});

  // Asking.

  /// Returns the snapshot that `ref` names. Throws: not_found, usage, corrupt (the catalog).
  Snapshot resolve(std::string_view ref) const;

  /// Returns snapshots, newest first.
  std::vector<Snapshot> log(const LogQuery& query = {}) const;

  /// Returns what the manifest of `ref` says. Throws: as resolve(), and corrupt (the manifest).
  SnapshotDetail show(std::string_view ref) const;

  /// Lists the tensors of numpy and torch that the payload of `ref` holds, in its order, and each
  /// for every place that holds it; an object that holds tensors is looked into once. Of several
  /// pickles, the first part of a path is the number of its own. Reads opcodes and directories,
  /// elements only for statistics; executes nothing, does not migrate.
  /// Memory: see Limits::max_nodes.
  /// Throws: as show(), and unsupported where the payload is no pickle, no file of torch and no
  /// .npy or .npz, or computes what it imports; limit, corrupt (the pack).
  std::vector<TensorInfo> tensors(std::string_view ref, const TensorOptions& options = {}) const;

  /// Lists the objects of the payload of `ref` as a tree, long lists and what is deeper folded.
  /// Otherwise as tensors().
  std::vector<TreeRow> tree(std::string_view ref, const TreeOptions& options = {}) const;

  /// Returns events, newest first; 0: all.
  std::vector<Event> events(std::uint64_t limit = 0) const;

  // Keeping.

  /// Reads and checks every byte of the snapshots that `ref` names (empty: all), and promotes or
  /// quarantines them by what it finds, where the store can be written.
  VerifyReport verify(std::string_view ref = {}, const Progress& progress = {});

  /// Rebuilds the catalog of the store in `root` from its manifests alone. The old one, if any, is
  /// kept beside it as catalog.sqlite.old. Events are lost with the old catalog; tables are kept,
  /// and where the old one can be read also the marks of snapshots that are not to be served.
  /// Throws: not_found, busy, environment.
  static ReindexReport reindex(const std::filesystem::path& root, const OpenOptions& options = {});

  // Migrations.

  /// Registers one step. The same content again changes nothing.
  /// Throws: migration when this step is registered with another content, or is older than the
  /// newest one of its name.
  TableStatus add_table(std::string_view toml, std::string_view origin);

  /// Returns every registered step, by name and version.
  std::vector<TableStatus> tables() const;

  /// Says what a load of `ref` would rewrite, from the catalog and the manifest alone.
  MigrationPlan plan(std::string_view ref) const;

  struct Impl;

 private:
  explicit Store(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// Lists the tensors of a file that is in no store. Throws: as Store::tensors(), not_found.
BRINE_API std::vector<TensorInfo> file_tensors(const std::filesystem::path& path,
                                               const TensorOptions& options = {},
                                               const Limits& limits = {});

/// Lists the objects of a file that is in no store. Throws: as Store::tree(), not_found.
BRINE_API std::vector<TreeRow> file_tree(const std::filesystem::path& path,
                                         const TreeOptions& options = {},
                                         const Limits& limits = {});

}  // namespace brine
