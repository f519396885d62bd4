// A load: candidates in order, each checked in full before anything of it counts.
//
//   manifest (its SHA-256 is its name) -> plan from its symbols -> blocks: stored digest, decode
//   into exactly the recorded length, raw digest -> scan against the policy -> target
//
// With renames the payload is decoded twice: once for the machine to find the places, once to edit
// on the way to the target, where the edited bytes are scanned again. What was scanned is what the
// target got: both see the same pieces.
#include <fmt/format.h>

#include <algorithm>
#include <exception>

#include "base/text.hpp"
#include "io/access.hpp"
#include "io/command.hpp"
#include "io/file.hpp"
#include "pickle/edit.hpp"
#include "store/analysis.hpp"
#include "store/events.hpp"
#include "store/impl.hpp"
#include "store/references.hpp"

namespace brine {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::seconds hook_time{30};
constexpr int most_links = 40;  // as many as the kernel follows

// Edits need every push, not only the distinct symbols.
Limits limits_for_edits(Limits limits) {
  limits.max_text_bytes *= 16;
  limits.max_memo_entries *= 16;
  return limits;
}

std::string findings_in_short(const ScanReport& scan, Verdict verdict) {
  std::string text;
  std::size_t count = 0;
  for (const Finding& finding : scan.findings) {
    if (finding.verdict != verdict) continue;
    if (++count <= 3) text += (text.empty() ? "" : "; ") + finding.reason;
  }
  return count > 3 ? fmt::format("{}; and {} more", text, count - 3) : text;
}

// Carries what a target throws past everything that judges snapshots: a full disk under the target,
// or an error of its own making, says nothing about the snapshot.
struct TargetFailure {
  std::exception_ptr reason;
};

class GuardedTarget final : public Target {
 public:
  explicit GuardedTarget(Target& target) : target_(target) {}
  void begin(std::uint64_t payload_bytes) override {
    guard([&] { target_.begin(payload_bytes); });
    begun_ = true;
  }
  bool can_restart() const noexcept override { return target_.can_restart(); }
  void write(ByteView bytes) override {
    guard([&] { target_.write(bytes); });
  }
  /// Whether another candidate can still be given to it.
  bool is_spent() const noexcept { return begun_ && !can_restart(); }

 private:
  template <typename Body>
  static void guard(Body&& body) {
    try {
      body();
    } catch (...) {
      throw TargetFailure{std::current_exception()};
    }
  }

  Target& target_;
  bool begun_ = false;
};

// One snapshot on its way to a target.
class Candidate {
 public:
  Candidate(const Store::Impl& store, const Snapshot& snapshot, const LoadOptions& options,
            std::span<const migrate::Step> steps)
      : store_(store),
        options_(options),
        policy_(options.trusted),
        manifest_(store.manifest(snapshot.id)),
        pack_(open_pack()) {
    plan(store::later_steps(steps, manifest_.steps));
  }

  /// Throws what is wrong with the snapshot, before anything counts.
  LoadReport deliver(Target& target) {
    if (!target.can_restart()) {
      store::NullSink nowhere;
      check(send(nowhere, payload_bytes(), {}));
    }
    target.begin(payload_bytes());
    store::Analysis analysis = send(target, payload_bytes(), options_.progress);
    check(analysis);
    LoadReport report;
    report.served = manifest_.snapshot.id;
    report.line = manifest_.snapshot.line;
    report.seq = manifest_.snapshot.seq;
    report.payload_bytes = payload_bytes();
    report.origin = manifest_.snapshot.origin;
    report.scan = std::move(analysis.report);
    report.migrations = std::move(renames_);
    return report;
  }

 private:
  std::unique_ptr<RandomSource> open_pack() const {
    if (manifest_.blocks.empty()) return std::make_unique<io::MemoryFile>(ByteView{});
    const fs::path path = store_.layout.pack(manifest_.pack, manifest_.snapshot.codec);
    return in_context(store_.layout.inside(path), [&]() -> std::unique_ptr<RandomSource> {
      try {
        return std::make_unique<io::File>(path);
      } catch (const Error& error) {
        if (error.code() != Errc::not_found) throw;
        throw Error(Errc::corrupt, "the pack is missing", "brine verify");
      }
    });
  }

  void decode(Sink& sink) const {
    const fs::path path = store_.layout.pack(manifest_.pack, manifest_.snapshot.codec);
    in_context(store_.layout.inside(path), [&] {
      pack::read(*pack_, manifest_.blocks, store_.reader_options(manifest_), sink);
    });
  }

  // Finds what is renamed, and where.
  void plan(const std::vector<const migrate::Step*>& steps) {
    renames_ = migrate::plan(manifest_.scan.symbols, steps);
    if (renames_.empty()) return;
    if (manifest_.snapshot.format != "pickle" || !manifest_.scan.complete) {
      throw Error(
          Errc::unsupported,
          fmt::format("{} of its symbols are renamed by registered tables, and names inside "
                      "a {} cannot be rewritten yet",
                      renames_.size(), manifest_.snapshot.format),
          fmt::format("brine load {} --no-migrate", manifest_.snapshot.id.substr(0, 12)));
    }
    const Limits limits = limits_for_edits(store_.open_options.limits);
    store::Analyst analyst(policy_, pickle::Detail::pushes, limits);
    decode(analyst);
    analyst.finish();
    edits_ = pickle::rename(analyst.machine(), [&](const Symbol& symbol) {
      const auto way = migrate::follow(symbol, steps);
      return way ? std::optional(way->to) : std::nullopt;
    });
  }

  std::uint64_t payload_bytes() const {
    return pickle::edited_bytes(manifest_.snapshot.payload_bytes, edits_);
  }

  // Decodes, edits, scans and sends the payload; returns what the scan saw.
  store::Analysis send(Sink& sink, std::uint64_t total, const Progress& progress) const {
    store::Analyst analyst(policy_, pickle::Detail::symbols, store_.open_options.limits);
    store::Tee tee(analyst, sink, progress, total);
    pickle::EditingSink editor(tee, edits_);
    decode(editor);
    editor.finish();
    if (!analyst.wants_payload()) return analyst.finish();
    const auto payload =
        pack::open_payload(*pack_, manifest_.blocks, store_.reader_options(manifest_));
    return analyst.finish(*payload);
  }

  void check(const store::Analysis& analysis) const {
    check_renames(analysis.report);
    if (analysis.report.verdict != Verdict::dangerous || options_.unsafe) return;
    throw Error(Errc::refused,
                fmt::format("the payload is dangerous: {}",
                            findings_in_short(analysis.report, Verdict::dangerous)),
                fmt::format("brine show {}, and --unsafe if you know what it does",
                            manifest_.snapshot.id.substr(0, 12)));
  }

  // After an edit the machine must see the same symbols as before, but for the planned names.
  void check_renames(const ScanReport& scan) const {
    if (edits_.empty()) return;
    std::map<Symbol, std::uint64_t> expected;
    for (const SymbolCount& each : manifest_.scan.symbols) {
      const auto rename = std::find_if(renames_.begin(), renames_.end(),
                                       [&](const Rename& r) { return r.from == each.symbol; });
      expected[rename == renames_.end() ? each.symbol : rename->to] += each.count;
    }
    std::map<Symbol, std::uint64_t> found;
    for (const SymbolCount& each : scan.symbols) found[each.symbol] += each.count;
    if (found == expected) return;
    throw Error(Errc::internal, "the edited payload does not push the planned symbols");
  }

  const Store::Impl& store_;
  const LoadOptions& options_;
  scan::Policy policy_;
  store::Manifest manifest_;
  std::unique_ptr<RandomSource> pack_;
  std::vector<Rename> renames_;
  std::vector<pickle::Edit> edits_;
};

// A file that appears when the load is done.
class FileTarget final : public Target {
 public:
  FileTarget(const fs::path& path, const fs::path& store)
      : file_(checked(followed(path), store), io::Publish::replace) {}
  void begin(std::uint64_t) override { file_.restart(); }
  bool can_restart() const noexcept override { return true; }
  void write(ByteView bytes) override { file_.write(bytes); }
  void commit() { file_.commit(); }

 private:
  // Through a link to the file that it names, as cp(1) does: a `latest.pkl` stays a link.
  static fs::path followed(fs::path path) {
    std::error_code failure;
    for (int links = 0; links < most_links && fs::is_symlink(path, failure); ++links) {
      // An absolute target takes the place of the whole path.
      path = path.parent_path() / fs::read_symlink(path, failure);
      if (failure) break;
    }
    return path;
  }

  // To replace a device by a file would harm the machine, to replace a pack the store.
  static fs::path checked(fs::path path, const fs::path& store) {
    std::error_code failure;
    const fs::file_status status = fs::status(path, failure);
    if (fs::exists(status) && !fs::is_regular_file(status)) {
      throw Error(Errc::environment,
                  fmt::format("cannot write {}: it is there and no regular file",
                              base::printable(path.string())),
                  "brine load REF -o - writes to standard output");
    }
    const fs::path place = fs::weakly_canonical(fs::absolute(path), failure);
    const fs::path root = fs::weakly_canonical(store, failure);
    const auto difference = std::mismatch(root.begin(), root.end(), place.begin(), place.end());
    if (difference.first == root.end()) {
      throw Error(Errc::usage,
                  fmt::format("{} lies inside the store", base::printable(path.string())),
                  "choose a place outside of the store");
    }
    return path;
  }

  io::AtomicFile file_;
};

// Tries candidates until one can be delivered.
class Loader {
 public:
  Loader(Store::Impl& store, const Snapshot& asked, Target& target, const LoadOptions& options)
      : store_(store), asked_(asked), target_(target), options_(options) {}

  LoadReport run() {
    try {
      return serve();
    } catch (const TargetFailure& failure) {
      std::rethrow_exception(failure.reason);
    }
  }

 private:
  LoadReport serve() {
    // Here, where a damaged table is the store's fault and no candidate's.
    if (options_.migrate == Migrate::on_load) steps_ = store_.steps();
    if (auto report = try_one(asked_)) return finish(std::move(*report));
    const auto ancestors = store_.with_catalog(
        [&](catalog::Catalog& index) { return index.good_before(asked_.line, asked_.seq); });
    for (const Snapshot& ancestor : ancestors) {
      if (auto report = try_one(ancestor)) return finish(std::move(*report));
    }
    throw Error(Errc::unusable,
                fmt::format("nothing usable in line {}: {} snapshot{} tried, the newest failed "
                            "with: {}",
                            asked_.line, rejected_.size(), rejected_.size() == 1 ? "" : "s",
                            rejected_.front().reason),
                fmt::format("brine verify {}", asked_.line));
  }

  std::optional<LoadReport> try_one(const Snapshot& snapshot) {
    try {
      return Candidate(store_, snapshot, options_, steps_).deliver(target_);
    } catch (const Error& error) {
      if (error.code() == Errc::corrupt) quarantine(snapshot, error.what());
      const bool may_go_on = options_.fallback && !target_.is_spent();
      if (!may_go_on || !is_fallback_worthy(error.code())) throw with_hint(error);
      rejected_.push_back({snapshot.id, snapshot.seq, error.code(), error.what()});
      return std::nullopt;
    }
  }

  Error with_hint(const Error& error) const {
    if (error.code() != Errc::corrupt) return error;
    return Error(error.code(), error.what(),
                 fmt::format("brine load {}:{} --fallback serves the last known-good one",
                             asked_.line, asked_.seq));
  }

  LoadReport finish(LoadReport report) {
    report.requested = asked_.id;
    report.fallback = report.served != asked_.id;
    report.rejected = std::move(rejected_);
    report.warnings = std::move(warnings_);
    if (report.fallback) tell(report);
    return report;
  }

  // Bookkeeping must never cost the user the snapshot: what fails here is a warning.
  template <typename Body>
  void attempt(std::string_view what, std::vector<std::string>& warnings, Body&& body) {
    try {
      body();
    } catch (const std::exception& error) {
      warnings.push_back(fmt::format("{}: {}", what, error.what()));
    }
  }

  void quarantine(const Snapshot& snapshot, const std::string& reason) {
    if (snapshot.state == State::quarantined || snapshot.state == State::revoked) return;
    attempt("the snapshot could not be quarantined", warnings_, [&] {
      store_.require_writable();
      store_.mark(snapshot, State::quarantined, "quarantine", reason);
    });
  }

  void tell(LoadReport& report) {
    const std::string event = store::fallback_event(report);
    attempt("the event could not be recorded", report.warnings, [&] {
      store_.require_writable();
      store_.with_catalog([&](catalog::Catalog& index) {
        auto transaction = index.begin();
        index.add_event({base::now_utc(), "fallback", report.line, report.served, event});
        transaction.commit();
      });
    });
    alert(event, report.warnings);
  }

  void alert(const std::string& event, std::vector<std::string>& warnings) const {
    const std::string command = options_.on_fallback.value_or(store_.file.options.on_fallback);
    if (command.empty()) return;
    // A command in a store's own file is the word of whoever can write that file.
    if (!options_.on_fallback && !io::is_ours_alone(store_.layout.options())) {
      warnings.push_back(
          "the store's alert hook was not run: brine.json belongs to somebody else "
          "or others may write it");
      return;
    }
    const std::string failure = io::run_command(command, event + "\n", hook_time);
    if (!failure.empty()) warnings.push_back(fmt::format("the alert hook failed: {}", failure));
  }

  Store::Impl& store_;
  const Snapshot& asked_;
  GuardedTarget target_;
  const LoadOptions& options_;
  std::vector<migrate::Step> steps_;
  std::vector<Rejection> rejected_;
  std::vector<std::string> warnings_;
};

}  // namespace

LoadReport Store::load(std::string_view ref, Target& target, const LoadOptions& options) {
  const Snapshot asked = resolve(ref);
  return Loader(*impl_, asked, target, options).run();
}

LoadReport Store::load_file(std::string_view ref, const fs::path& file,
                            const LoadOptions& options) {
  FileTarget target(file, impl_->layout.root());
  LoadReport report = load(ref, target, options);
  target.commit();
  return report;
}

}  // namespace brine
