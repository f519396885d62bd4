// The catalog made anew from the manifests. The old one stays beside it until the new one is whole.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/text.hpp"
#include "digest/digest.hpp"
#include "io/file.hpp"
#include "store/events.hpp"
#include "store/impl.hpp"

namespace brine {
namespace {

namespace fs = std::filesystem;

bool is_usable(const store::Layout& layout) {
  try {
    store::read_store_file(layout);
    return true;
  } catch (const Error& error) {
    if (error.code() != Errc::corrupt && error.code() != Errc::not_found) throw;
    return false;
  }
}

// The id of the store that the manifests were saved in; empty when there is none to ask.
std::string id_from_manifests(const store::Layout& layout, const Limits& limits) {
  std::error_code failure;
  for (fs::recursive_directory_iterator entry(layout.snapshots(), failure), end;
       !failure && entry != end; entry.increment(failure)) {
    if (entry->path().extension() != ".json") continue;
    try {
      const Bytes text = io::read_file(entry->path(), limits.max_manifest_bytes);
      if (digest::sha256_hex(text) != entry->path().stem().string()) continue;
      return store::decode_manifest(text_of(text), limits).store;
    } catch (const Error& error) {
      if (!is_fallback_worthy(error.code())) throw;
    }
  }
  return {};
}

// Writes brine.json anew where it is missing or damaged in a directory that has a store's rooms.
// Returns whether it did.
bool mend_store_file(const store::Layout& layout, const Limits& limits) {
  if (is_usable(layout)) return false;
  std::error_code ignored;
  if (!fs::exists(layout.snapshots(), ignored) || !fs::exists(layout.packs(), ignored))
    return false;
  std::string id = id_from_manifests(layout, limits);
  if (id.empty()) id = base::random_id();
  const std::string text = encode(store::StoreFile{id, {}}, base::now_utc());
  io::write_file(layout.options(), bytes_of(text), io::Publish::replace);
  return true;
}

class Reindexer {
 public:
  explicit Reindexer(Store::Impl& store) : store_(store) {}

  ReindexReport run() {
    const fs::path fresh = store_.layout.root() / "catalog.sqlite.new";
    const io::FileLock lock = store_.lock(io::Hold::exclusive);
    discard(fresh);
    // A copy may lack the empty ones.
    make_directories(store_.layout);
    read_marks();
    read_manifests();
    try {
      fill(fresh);
    } catch (...) {
      discard(fresh);
      throw;
    }
    replace(fresh);
    point_at_good();
    return std::move(report_);
  }

 private:
  static void discard(const fs::path& database) {
    io::remove_file(database);
    io::remove_file(database.string() + "-journal");
  }

  // What was found out about a snapshot since it was saved stands in the old catalog alone: where
  // that can be read, a snapshot that was marked as bad stays so.
  void read_marks() {
    try {
      auto old = catalog::Catalog::open(store_.layout.catalog(), catalog::Access::read_only,
                                        std::chrono::milliseconds(0));
      for (const Snapshot& snapshot : old.log({})) {
        if (snapshot.state > State::good) marks_[snapshot.id] = snapshot.state;
      }
    } catch (const Error&) {
      has_marks_ = false;
    }
  }

  void read_manifests() {
    for (const fs::path& file : store_.files_below(store_.layout.snapshots(), ".json")) {
      try {
        manifests_.push_back(store_.manifest(file.stem().string()));
      } catch (const Error& error) {
        // A FIFO or directory of that name is damage; a file that may not be read is not, and an
        // index without it would forget a snapshot.
        std::error_code ignored;
        if (!is_fallback_worthy(error.code()) && fs::is_regular_file(file, ignored)) throw;
        report_.problems.push_back({store_.layout.inside(file), error.code(), error.what()});
      }
    }
    const auto order = [](const store::Manifest& m) {
      return std::tie(m.snapshot.created, m.snapshot.line, m.snapshot.seq, m.snapshot.id);
    };
    std::sort(manifests_.begin(), manifests_.end(),
              [&](const auto& a, const auto& b) { return order(a) < order(b); });
    drop_unacknowledged();
  }

  // A crash between manifest and commit leaves an orphan whose number the next save takes again.
  // Of two manifests with one number, the one that another names as its parent was acknowledged,
  // whatever the clock said; where none is, the later, since saves of a line exclude one another.
  void drop_unacknowledged() {
    std::set<std::string_view> parents;
    for (const auto& each : manifests_) parents.insert(each.snapshot.parent);
    std::map<std::pair<std::string, std::uint64_t>, std::string> last;
    for (const auto& each : manifests_) {
      std::string& id = last[{each.snapshot.line, each.snapshot.seq}];
      if (!parents.contains(id) || id.empty()) id = each.snapshot.id;
    }
    std::erase_if(manifests_, [&](const store::Manifest& each) {
      if (last.at({each.snapshot.line, each.snapshot.seq}) == each.snapshot.id) return false;
      report_.problems.push_back({store_.layout.inside(store_.layout.manifest(each.snapshot.id)),
                                  Errc::exists,
                                  fmt::format("left out: {}:{} was saved again after a "
                                              "crash",
                                              each.snapshot.line, each.snapshot.seq)});
      return true;
    });
  }

  // A pack that is missing or of another length is known at once; verify reads the rest.
  State state_of(const store::Manifest& manifest) {
    const auto mark = marks_.find(manifest.snapshot.id);
    if (mark != marks_.end()) return mark->second;
    if (manifest.blocks.empty()) return manifest.snapshot.state;
    const fs::path pack = store_.layout.pack(manifest.pack, manifest.snapshot.codec);
    std::error_code failure;
    const auto bytes = fs::file_size(pack, failure);
    if (!failure && bytes == manifest.snapshot.stored_bytes) return manifest.snapshot.state;
    report_.problems.push_back({store_.layout.inside(pack), Errc::corrupt,
                                failure ? "the pack is missing" : "the pack has another length"});
    return State::quarantined;
  }

  void fill(const fs::path& path) {
    auto index =
        catalog::Catalog::open(path, catalog::Access::create, std::chrono::milliseconds(0));
    auto transaction = index.begin();
    for (store::Manifest& manifest : manifests_) {
      manifest.snapshot.state = state_of(manifest);
      index.insert({manifest.snapshot, manifest.scan.symbols, manifest.steps});
    }
    for (const catalog::RegisteredTable& table : store_.table_files(report_.problems)) {
      index.insert_table(table);
    }
    report_.snapshots = manifests_.size();
    report_.knows_marks = has_marks_;
    index.add_event({base::now_utc(), "reindex", "", "",
                     store::reason_event(fmt::format("{} snapshots", manifests_.size()))});
    transaction.commit();
  }

  void replace(const fs::path& fresh) {
    const fs::path current = store_.layout.catalog();
    const fs::path old = current.string() + ".old";
    if (io::identity_of(current)) {
      io::remove_file(old.string() + "-journal");
      rename(current, old);
    }
    // A hot journal belongs to the old catalog: it goes with it, or it would be played back into
    // the new one. A crash right before this line leaves it alone here, so it does not wait for an
    // `if`.
    const fs::path journal = current.string() + "-journal";
    if (io::identity_of(journal)) rename(journal, old.string() + "-journal");
    rename(fresh, current);
    io::sync_directory(store_.layout.root());
  }

  static void rename(const fs::path& from, const fs::path& to) {
    std::error_code failure;
    fs::rename(from, to, failure);
    if (failure) io::throw_errno(failure.value(), "rename", from);
  }

  // Of every line that has snapshots, or a pointer from when it had.
  void point_at_good() {
    std::set<std::string> lines;
    for (const auto& manifest : manifests_) lines.insert(manifest.snapshot.line);
    for (const fs::path& file : store_.files_below(store_.layout.good(), "")) {
      if (base::is_name(file.filename().string())) lines.insert(file.filename().string());
    }
    for (const std::string& line : lines) {
      try {
        store_.point_at_good(line);
      } catch (const Error& error) {
        report_.problems.push_back(
            {store_.layout.inside(store_.layout.good(line)), error.code(), error.what()});
      }
    }
  }
  Store::Impl& store_;
  std::vector<store::Manifest> manifests_;
  std::map<std::string, State> marks_;  // of the old catalog, by id
  bool has_marks_ = true;
  ReindexReport report_;
};

}  // namespace

ReindexReport Store::reindex(const fs::path& root, const OpenOptions& options) {
  const store::Layout layout(fs::absolute(root).lexically_normal());
  const bool is_mended = mend_store_file(layout, options.limits);
  Impl store(root, options);
  store.require_writable();
  ReindexReport report = Reindexer(store).run();
  if (is_mended) {
    report.problems.push_back({"brine.json", Errc::exists,
                               "it was missing or damaged and is written anew: its codec and "
                               "alert command are the default ones"});
  }
  return report;
}

}  // namespace brine
