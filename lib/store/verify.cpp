// Reads everything back and compares it with what the manifests say.
#include <fmt/format.h>

#include "base/text.hpp"
#include "io/file.hpp"
#include "store/impl.hpp"
#include "store/references.hpp"

namespace brine {
namespace {

namespace fs = std::filesystem;

// Digests a payload as it is decoded.
class DigestSink final : public Sink {
 public:
  explicit DigestSink(std::function<void(std::uint64_t)> progress) : progress_(std::move(progress)) {}
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

  VerifyReport run(const std::vector<Snapshot>& snapshots) {
    for (const Snapshot& snapshot : snapshots) total_ += snapshot.payload_bytes;
    for (const Snapshot& snapshot : snapshots) judge(snapshot);
    report_.snapshots = snapshots.size();
    return std::move(report_);
  }

  /// Besides the snapshots: the catalog, pointers and manifests that the catalog does not know.
  void check_surroundings() {
    for (const std::string& what :
         store_.with_catalog([](catalog::Catalog& index) { return index.check(); })) {
      report_.problems.push_back({"catalog.sqlite", Errc::corrupt, what});
    }
    std::error_code failure;
    for (const auto& entry : fs::recursive_directory_iterator(store_.layout.snapshots(), failure)) {
      if (entry.path().extension() != ".json") continue;
      const std::string id = entry.path().stem().string();
      const bool is_known = store_.with_catalog(
          [&](catalog::Catalog& index) { return index.by_id(id).has_value(); });
      if (is_known) continue;
      report_.problems.push_back({store_.layout.inside(entry.path()), Errc::not_found,
                                  "the catalog does not know this manifest: brine reindex adopts it"});
    }
  }

 private:
  void judge(const Snapshot& snapshot) {
    try {
      check(snapshot);
    } catch (const Error& error) {
      report_.problems.push_back({snapshot.id, error.code(), error.what()});
      if (is_fallback_worthy(error.code()) && snapshot.state != State::revoked) {
        mark(snapshot, State::quarantined, "quarantine", error.what());
      }
      return;
    }
    if (snapshot.state == State::quarantined || snapshot.state == State::saved) {
      mark(snapshot, state_after_check(snapshot), "restore", "every byte was read and checked");
    }
  }

  static State state_after_check(const Snapshot& snapshot) {
    return snapshot.verdict == Verdict::dangerous ? State::verified : State::good;
  }

  void mark(const Snapshot& snapshot, State state, std::string_view kind, std::string_view reason) {
    if (store_.writable && snapshot.state != state) store_.mark(snapshot, state, kind, reason);
  }

  void check(const Snapshot& snapshot) {
    const store::Manifest manifest = store_.manifest(snapshot.id);
    if (manifest.blocks.empty()) return;
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
  if (!ref.empty()) return verifier.run({resolve(ref)});
  verifier.check_surroundings();
  return verifier.run(log());
}

}  // namespace brine
