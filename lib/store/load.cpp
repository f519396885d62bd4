// A load: candidates in order, until one can be delivered.
#include <fmt/format.h>

#include <exception>

#include "base/text.hpp"
#include "io/access.hpp"
#include "io/command.hpp"
#include "store/attempts.hpp"
#include "store/candidate.hpp"
#include "store/events.hpp"
#include "store/file_target.hpp"
#include "store/impl.hpp"

namespace brine {
namespace {

constexpr std::chrono::seconds hook_time{30};

// Bookkeeping must never cost the user the snapshot: what fails here is a warning.
template <typename Body>
void try_to(std::string_view what, std::vector<std::string>& warnings, Body&& body) {
  try {
    body();
  } catch (const std::exception& error) {
    warnings.push_back(fmt::format("{}: {}", what, error.what()));
  }
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

// Tries candidates until one can be delivered.
class Loader {
 public:
  enum class Record : std::uint8_t { none, attempts };

  Loader(Store::Impl& store, const Snapshot& asked, Target& target, const LoadOptions& options,
         Record record)
      : store_(store), asked_(asked), target_(target), options_(options), record_(record) {}

  LoadReport run() {
    try {
      return serve();
    } catch (const TargetFailure& failure) {
      std::rethrow_exception(failure.reason);
    }
  }

  /// Of the load that succeeded; none where it could not be made.
  std::optional<store::AttemptRecord> take_record() { return std::move(attempt_); }

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
                fmt::format("brine {} {}", is_suspect(asked_) ? "show" : "verify", asked_.line));
  }

  std::optional<LoadReport> try_one(const Snapshot& snapshot) {
    if (is_suspect(snapshot)) {
      const std::string reason = fmt::format("{} loads of it died", store::load_tries);
      if (options_.fallback) {
        rejected_.push_back({snapshot.id, snapshot.seq, Errc::unusable, reason});
        return std::nullopt;
      }
      warnings_.push_back(fmt::format("{}:{} is suspect: {}", snapshot.line, snapshot.seq, reason));
    }
    record(snapshot);
    try {
      return store::Candidate(store_, snapshot, options_, steps_).deliver(target_);
    } catch (const Error& error) {
      attempt_.reset();
      if (error.code() == Errc::corrupt) quarantine(snapshot, error.what());
      const bool may_go_on = options_.fallback && !target_.is_spent();
      if (!may_go_on || !is_fallback_worthy(error.code())) throw with_hint(error);
      rejected_.push_back({snapshot.id, snapshot.seq, error.code(), error.what()});
      return std::nullopt;
    }
  }

  // Whoever finds the third dead attempt says so for those who come later.
  bool is_suspect(const Snapshot& snapshot) {
    if (snapshot.state == State::suspect) return true;
    const unsigned died = store::dead_attempts(store_.layout, snapshot.id);
    if (died < store::load_tries) return false;
    if (snapshot.state == State::quarantined || snapshot.state == State::revoked) return true;
    try_to("the snapshot could not be marked as suspect", warnings_, [&] {
      store_.require_writable();
      store_.mark(snapshot, State::suspect, "suspect", fmt::format("{} loads of it died", died));
    });
    try_to("the records of dead loads could not be removed", warnings_, [&] {
      store::forget_dead_attempts(store_.layout, snapshot.id);
    });
    return true;
  }

  // Where nothing can be written nothing is expected either: no warning.
  void record(const Snapshot& snapshot) {
    if (record_ == Record::none || !store_.writable) return;
    try_to("the attempt could not be recorded", warnings_,
           [&] { attempt_.emplace(store_.layout, snapshot.id); });
  }

  Error with_hint(const Error& error) const {
    if (error.code() != Errc::corrupt) return error;
    return Error(error.code(), error.what(),
                 fmt::format("brine load {}:{} --fallback", asked_.line, asked_.seq));
  }

  LoadReport finish(LoadReport report) {
    report.requested = asked_.id;
    report.fallback = report.served != asked_.id;
    report.rejected = std::move(rejected_);
    report.warnings = std::move(warnings_);
    if (report.fallback) tell(report);
    return report;
  }

  void quarantine(const Snapshot& snapshot, const std::string& reason) {
    if (snapshot.state == State::quarantined || snapshot.state == State::revoked) return;
    try_to("the snapshot could not be quarantined", warnings_, [&] {
      store_.require_writable();
      store_.mark(snapshot, State::quarantined, "quarantine", reason);
    });
  }

  void tell(LoadReport& report) {
    const std::string event = store::fallback_event(report);
    try_to("the event could not be recorded", report.warnings, [&] {
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
  Record record_;
  std::optional<store::AttemptRecord> attempt_;
  std::vector<migrate::Step> steps_;
  std::vector<Rejection> rejected_;
  std::vector<std::string> warnings_;
};

}  // namespace

struct Attempt::Impl {
  const Store::Impl& store;
  Snapshot served;
  LoadReport report;
  std::optional<store::AttemptRecord> record;
};

Attempt::Attempt(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Attempt::Attempt(Attempt&&) noexcept = default;
Attempt& Attempt::operator=(Attempt&&) noexcept = default;
Attempt::~Attempt() = default;

const LoadReport& Attempt::report() const noexcept { return impl_->report; }

void Attempt::succeed() {
  impl_->record.reset();
  const Store::Impl& store = impl_->store;
  if (!store.writable) return;
  try_to("the success could not be recorded", impl_->report.warnings, [&] {
    if (impl_->served.state != State::suspect) return;
    const bool may_be_good = store.manifest(impl_->served.id).scan.complete &&
                             impl_->served.verdict != Verdict::dangerous;
    store.mark(impl_->served, may_be_good ? State::good : State::verified, "restore",
               "a load of it succeeded");
  });
  try_to("the records of dead loads could not be removed", impl_->report.warnings,
         [&] { store::forget_dead_attempts(store.layout, impl_->served.id); });
}

LoadReport Store::load(std::string_view ref, Target& target, const LoadOptions& options) {
  const Snapshot asked = resolve(ref);
  return Loader(*impl_, asked, target, options, Loader::Record::none).run();
}

Attempt Store::attempt(std::string_view ref, Target& target, const LoadOptions& options) {
  const Snapshot asked = resolve(ref);
  Loader loader(*impl_, asked, target, options, Loader::Record::attempts);
  LoadReport report = loader.run();
  Snapshot served = resolve(report.served);
  return Attempt(std::make_unique<Attempt::Impl>(
      Attempt::Impl{*impl_, std::move(served), std::move(report), loader.take_record()}));
}

LoadReport Store::load_file(std::string_view ref, const std::filesystem::path& file,
                            const LoadOptions& options) {
  store::FileTarget target(file, impl_->layout.root());
  LoadReport report = load(ref, target, options);
  target.commit();
  return report;
}

}  // namespace brine
