// What a Store is made of, shared by the files of this room only.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <vector>

#include "brine/store.hpp"
#include "catalog/catalog.hpp"
#include "io/access.hpp"
#include "io/lock.hpp"
#include "migrate/migrate.hpp"
#include "scan/policy.hpp"
#include "store/layout.hpp"
#include "store/manifest.hpp"

namespace brine {

struct Store::Impl {
  Impl(const std::filesystem::path& root, const OpenOptions& options);

  /// Runs `body(Catalog&)` under the mutex; opens the catalog at the first call, and again when
  /// reindex has put another one in its place.
  template <typename Body>
  decltype(auto) with_catalog(Body&& body) const {
    const std::lock_guard guard(catalog_mutex);
    open_catalog();
    return std::forward<Body>(body)(*catalog);
  }

  /// Throws environment when the store cannot be written.
  void require_writable() const;
  io::FileLock lock(io::Hold hold) const;

  /// Reads and checks the manifest of `id`. Throws: corrupt, unsupported, limit.
  store::Manifest manifest(std::string_view id) const;
  pack::ReaderOptions reader_options(const store::Manifest& manifest) const;

  /// Every registered step, in the order in which they apply: of registration, and of one name by
  /// version. Throws: corrupt when the catalog's copy of a table is damaged.
  std::vector<migrate::Step> steps() const;

  /// The files below `directory`, sorted; with this extension, or all where it is empty.
  std::vector<std::filesystem::path> files_below(const std::filesystem::path& directory,
                                                 std::string_view extension) const;

  /// What lies under tables/; what cannot be read becomes a problem.
  std::vector<catalog::RegisteredTable> table_files(std::vector<Problem>& problems) const;

  /// Points good/LINE at the newest known-good snapshot of the line, or removes it.
  void point_at_good(std::string_view line) const;
  /// Marks a snapshot, with an event that says why; not where it is no longer in the state that
  /// `snapshot` says, unless it is found damaged. Takes the store's lock.
  void mark(const Snapshot& snapshot, State state, std::string_view kind,
            std::string_view reason) const;

  store::Layout layout;
  store::StoreFile file;
  OpenOptions open_options;
  unsigned threads;
  bool writable;

  mutable std::mutex catalog_mutex;
  mutable std::optional<catalog::Catalog> catalog;
  mutable std::optional<io::FileIdentity> catalog_identity;

 private:
  void open_catalog() const;
};

namespace store {

/// Those of `steps` that are later than a snapshot that was saved under `saved`. Lifetime: borrows.
std::vector<const migrate::Step*> later_steps(std::span<const migrate::Step> steps,
                                              const std::map<std::string, std::uint64_t>& saved);

/// A sink that takes everything and keeps nothing.
class NullSink final : public Sink {
 public:
  void write(ByteView) override {}
};

/// Gives what it takes to two sinks, and says how much it was.
class Tee final : public Sink {
 public:
  Tee(Sink& first, Sink& second, Progress progress, std::uint64_t total)
      : first_(first), second_(second), progress_(std::move(progress)), total_(total) {}
  void write(ByteView bytes) override {
    first_.write(bytes);
    second_.write(bytes);
    done_ += bytes.size();
    if (progress_) progress_(done_, total_);
  }

 private:
  Sink& first_;
  Sink& second_;
  Progress progress_;
  std::uint64_t total_;
  std::uint64_t done_ = 0;
};

}  // namespace store
}  // namespace brine
