// Reads everything back and compares it with what the manifests say.
#include <fmt/format.h>

#include "base/text.hpp"
#include "io/file.hpp"
#include "store/impl.hpp"
#include "store/references.hpp"

namespace brine {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t max_pointer_bytes = 4096;

// Digests a payload as it is decoded.
class DigestSink final : public Sink {
 public:
  explicit DigestSink(std::function<void(std::uint64_t)> progress)
      : progress_(std::move(progress)) {}
  void write(ByteView bytes) override {
    stream_.update(bytes);
    progress_(bytes.size());
  }
  digest::Xxh128 value() const { return stream_.value(); }

 private:
  digest::Xxh128Stream stream_;
  std::function<void(std::uint64_t)> progress_;
};

class Verifier {
 public:
  Verifier(Store::Impl& store, const Progress& progress) : store_(store), progress_(progress) {}

  void run(const std::vector<Snapshot>& snapshots) {
    for (const Snapshot& snapshot : snapshots) total_ += snapshot.payload_bytes;
    for (const Snapshot& snapshot : snapshots) judge(snapshot);
    report_.snapshots = snapshots.size();
  }

  VerifyReport take_report() { return std::move(report_); }
  /// Besides the snapshots: the catalog, and manifests that the catalog does not know.
  void check_surroundings() {
    for (const std::string& what :
         store_.with_catalog([](catalog::Catalog& index) { return index.check(); })) {
      report_.problems.push_back({"catalog.sqlite", Errc::corrupt, what});
    }
    for (const fs::path& file : store_.files_below(store_.layout.snapshots(), ".json")) {
      const bool is_known = store_.with_catalog(
          [&](catalog::Catalog& index) { return index.by_id(file.stem().string()).has_value(); });
      if (is_known) continue;
      report_.problems.push_back(
          {store_.layout.inside(file), Errc::not_found,
           "the catalog does not know this manifest: brine reindex adopts it"});
    }
  }

  /// Tells of pointers to known-good snapshots that are not where they should be, and mends them.
  void check_pointers() {
    const auto lines = store_.with_catalog([](catalog::Catalog& index) { return index.lines(); });
    for (const std::string& line : lines) {
      const auto newest = store_.with_catalog(
          [&](catalog::Catalog& index) { return index.latest(line, State::good); });
      const std::string expected = newest ? newest->id + "\n" : "";
      const std::string found = pointer(line);
      if (found == expected) continue;
      // What a crash between catalog and pointer leaves is behind, not damaged.
      const bool is_behind = found.empty() || names_snapshot_of(line, found);
      report_.problems.push_back({store_.layout.inside(store_.layout.good(line)),
                                  is_behind ? Errc::not_found : Errc::corrupt,
                                  "it does not name the newest known-good snapshot of its line"});
      if (!store_.writable) continue;
      const io::FileLock lock = store_.lock(io::Hold::exclusive);
      try {
        store_.point_at_good(line);
      } catch (const Error& error) {
        report_.problems.push_back(
            {store_.layout.inside(store_.layout.good(line)), error.code(), error.what()});
      }
    }
  }

 private:
  void judge(const Snapshot& snapshot) {
    bool is_whole = false;
    try {
      is_whole = check(snapshot);
    } catch (const Error& error) {
      report_.problems.push_back({snapshot.id, error.code(), error.what()});
      // What this brine cannot read, a newer one can: only damage counts against a snapshot.
      if (error.code() == Errc::corrupt && snapshot.state != State::revoked) {
        mark(snapshot, State::quarantined, "quarantine", error.what());
      }
      return;
    }
    const bool may_be_good = is_whole && snapshot.verdict != Verdict::dangerous;
    const State after = may_be_good ? State::good : State::verified;
    const std::string_view why = "every byte was read and checked";
    if (snapshot.state == State::quarantined) mark(snapshot, after, "restore", why);
    if (snapshot.state == State::saved) mark(snapshot, after, "verify", why);
  }

  bool names_snapshot_of(const std::string& line, std::string_view pointer) const {
    const auto found = store_.with_catalog([&](catalog::Catalog& index) {
      return index.by_id(pointer.substr(0, pointer.find('\n')));
    });
    return found && found->line == line;
  }

  std::string pointer(const std::string& line) const {
    try {
      return std::string(text_of(io::read_file(store_.layout.good(line), max_pointer_bytes)));
    } catch (const Error& error) {
      if (error.code() == Errc::not_found) return {};
      return "no pointer at all";
    }
  }
  void mark(const Snapshot& snapshot, State state, std::string_view kind, std::string_view reason) {
    if (store_.writable && snapshot.state != state) store_.mark(snapshot, state, kind, reason);
  }

  // Returns whether the payload was a whole checkpoint when it was saved.
  bool check(const Snapshot& snapshot) {
    const store::Manifest manifest = store_.manifest(snapshot.id);
    if (manifest.blocks.empty()) return manifest.scan.complete;
    const fs::path path = store_.layout.pack(manifest.pack, manifest.snapshot.codec);
    in_context(store_.layout.inside(path), [&] {
      const io::File pack = open(path);
      if (pack.size() != manifest.snapshot.stored_bytes) {
        throw Error(Errc::corrupt, fmt::format("the pack has {} bytes, its manifest says {}",
                                               pack.size(), manifest.snapshot.stored_bytes));
      }
      DigestSink sink([&](std::uint64_t bytes) {
        done_ += bytes;
        if (progress_) progress_(done_, total_);
      });
      pack::read(pack, manifest.blocks, store_.reader_options(manifest), sink);
      if (sink.value() != manifest.payload_digest) {
        throw Error(Errc::corrupt, "the payload's digest differs though every block's is right");
      }
    });
    report_.blocks += manifest.blocks.size();
    report_.stored_bytes += manifest.snapshot.stored_bytes;
    return manifest.scan.complete;
  }
  static io::File open(const fs::path& path) {
    try {
      return io::File(path);
    } catch (const Error& error) {
      if (error.code() != Errc::not_found) throw;
      throw Error(Errc::corrupt, "the pack is missing");
    }
  }

  Store::Impl& store_;
  const Progress& progress_;
  VerifyReport report_;
  std::uint64_t done_ = 0;
  std::uint64_t total_ = 0;
};

}  // namespace

VerifyReport Store::verify(std::string_view ref, const Progress& progress) {
  Verifier verifier(*impl_, progress);
  if (!ref.empty()) {
    verifier.run({resolve(ref)});
    return verifier.take_report();
  }
  verifier.check_surroundings();
  verifier.run(log());
  verifier.check_pointers();
  return verifier.take_report();
}

}  // namespace brine
