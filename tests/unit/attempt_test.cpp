#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "io/lock.hpp"
#include "support/store.hpp"

using namespace brine;
using namespace brine::test;

namespace {

const LoadOptions fallback{.fallback = true};

// Two known-good snapshots of one line.
struct Two : StoreFixture {
  Snapshot older = save(pickle_of("older"));
  Snapshot newer = save(pickle_of("newer"));

  // A process that dies while it uses the payload, as one does that the kernel kills.
  void die_loading(std::string_view ref) {
    const pid_t child = ::fork();
    if (child == 0) {
      Store own = Store::open(root);
      Kept target;
      const Attempt attempt = own.attempt(ref, target);
      ::_exit(0);
    }
    int status = 0;
    BOOST_REQUIRE(::waitpid(child, &status, 0) == child);
    BOOST_REQUIRE(status == 0);
  }

  void die_loading(std::string_view ref, int times) {
    for (int i = 0; i < times; ++i) die_loading(ref);
  }

  std::size_t records() const {
    const fs::path place = root / "attempts";
    return fs::exists(place) ? tree(place).size() : 0;
  }

  State state_of(const Snapshot& snapshot) { return store.resolve(snapshot.id).state; }

  LoadReport use(std::string_view ref, const LoadOptions& options = {}) {
    Kept target;
    Attempt attempt = store.attempt(ref, target, options);
    BOOST_TEST(records() >= 1);  // before it happens
    attempt.succeed();
    return attempt.report();
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(attempts, Two)

BOOST_AUTO_TEST_CASE(a_load_that_succeeds_leaves_no_record) {
  BOOST_TEST(use("run").served == newer.id);
  BOOST_TEST(records() == 0U);
}

BOOST_AUTO_TEST_CASE(a_load_that_fails_and_lives_to_tell_spends_no_try) {
  for (int i = 0; i < 5; ++i) {
    Kept target;
    const Attempt attempt = store.attempt("run", target);  // no succeed()
  }
  flip(pack_of(older), 20);
  Kept target;
  expect_error(Errc::corrupt, "digest", [&] { store.attempt("run:1", target); });
  BOOST_TEST(records() == 0U);
  BOOST_TEST(to_string(state_of(newer)) == "good");
}

BOOST_AUTO_TEST_CASE(a_snapshot_that_kills_its_loader_is_passed_over_after_its_tries) {
  die_loading("run", 2);
  BOOST_TEST(use("run", fallback).served == newer.id);  // and forgets the two
  die_loading("run", 3);
  const LoadReport report = use("run", fallback);
  BOOST_TEST(report.served == older.id);
  BOOST_REQUIRE(report.rejected.size() == 1U);
  BOOST_TEST(report.rejected[0].snapshot == newer.id);
  BOOST_TEST(report.rejected[0].reason == "3 loads of it died");
  BOOST_TEST(to_string(state_of(newer)) == "suspect");
  BOOST_TEST(contents(root / "good" / "run") == older.id + "\n");
  const auto events = store.events();
  BOOST_TEST(std::count_if(events.begin(), events.end(),
                           [](const Event& event) { return event.kind == "suspect"; }) == 1);
  BOOST_TEST(records() == 0U);
}

BOOST_AUTO_TEST_CASE(a_suspect_that_was_asked_for_is_served_and_absolved_by_success) {
  die_loading("run", 3);
  const LoadReport report = use("run");
  BOOST_TEST(report.served == newer.id);
  BOOST_REQUIRE(report.warnings.size() == 1U);
  BOOST_TEST(report.warnings[0] == "run:2 is suspect: 3 loads of it died");
  BOOST_TEST(to_string(state_of(newer)) == "good");
  BOOST_TEST(contents(root / "good" / "run") == newer.id + "\n");
}

BOOST_AUTO_TEST_CASE(loads_under_way_are_no_deaths) {
  std::vector<Kept> targets(5);
  std::vector<Attempt> under_way;
  for (Kept& target : targets) under_way.push_back(store.attempt("run", target));
  BOOST_TEST(records() == 5U);
  BOOST_TEST(use("run", fallback).served == newer.id);
  BOOST_TEST(records() == 5U);
}

BOOST_AUTO_TEST_CASE(ancestors_have_tries_of_their_own) {
  die_loading("run:1", 3);
  flip(pack_of(newer), 20);
  Kept target;
  expect_error(Errc::unusable, "2 snapshots tried", [&] { store.load("run", target, fallback); });
}

BOOST_AUTO_TEST_CASE(a_plain_load_is_not_recorded_and_passes_over_suspects_too) {
  Kept target;
  store.load("run", target);
  BOOST_TEST(!fs::exists(root / "attempts"));
  die_loading("run", 3);
  BOOST_TEST(store.load("run", target, fallback).served == older.id);
}

BOOST_AUTO_TEST_CASE(what_cannot_be_recorded_is_a_warning) {
  write(root / "attempts", "no directory");
  Kept target;
  Attempt attempt = store.attempt("run", target);
  BOOST_TEST(attempt.report().served == newer.id);
  BOOST_REQUIRE(attempt.report().warnings.size() == 1U);
  BOOST_TEST(attempt.report().warnings[0].find("the attempt could not be recorded") == 0U);
  attempt.succeed();
}

BOOST_AUTO_TEST_CASE(a_record_is_never_seen_without_its_lock) {
  const fs::path file = directory / "held";
  {
    io::HeldFile held(file);
    BOOST_TEST(!io::is_abandoned(file));
    io::HeldFile moved = std::move(held);
    BOOST_TEST(!io::is_abandoned(file));
    fs::create_hard_link(file, directory / "left");
  }
  BOOST_TEST(!fs::exists(file));
  BOOST_TEST(io::is_abandoned(directory / "left"));
}

BOOST_AUTO_TEST_CASE(what_only_looks_like_a_dead_load_is_none) {
  die_loading("run", 3);
  const fs::path place = root / "attempts";
  const fs::path copies = directory / "copies";
  fs::copy(place, copies);
  // Moved, not removed: a file system may give what was freed to the next file, as if it were it.
  fs::rename(place, directory / "originals");
  fs::copy(copies, place);  // a backup, played back
  write(place / (newer.id + ".empty"), "");
  fs::create_directory(place / (newer.id + ".directory"));
  fs::create_symlink("/dev/zero", place / (newer.id + ".link"));
  BOOST_REQUIRE(::mkfifo((place / (newer.id + ".pipe")).c_str(), 0600) == 0);
  BOOST_TEST(use("run", fallback).served == newer.id);
}

BOOST_AUTO_TEST_CASE(a_success_does_not_absolve_what_was_found_damaged_meanwhile) {
  die_loading("run", 3);
  Kept target;
  Attempt attempt = store.attempt("run", target);
  flip(pack_of(newer), 20);
  store.verify("run:2");
  attempt.succeed();
  BOOST_TEST(to_string(state_of(newer)) == "quarantined");
  BOOST_TEST(contents(root / "good" / "run") == older.id + "\n");
}

BOOST_AUTO_TEST_CASE(what_was_no_whole_checkpoint_is_not_good_after_a_success) {
  const std::string half = pickle_of("half").substr(0, 5);
  const Snapshot kept = save(half, {.as_is = true});
  die_loading("run", 3);
  BOOST_TEST(use("run").served == kept.id);
  BOOST_TEST(to_string(state_of(kept)) == "verified");
}

BOOST_AUTO_TEST_CASE(a_line_that_is_called_like_an_id_does_not_stand_in_for_the_snapshot) {
  save(pickle_of("another"), {}, newer.id);
  BOOST_TEST(store.resolve(newer.id).id == newer.id);
  BOOST_TEST(use(newer.id).served == newer.id);
}

BOOST_AUTO_TEST_CASE(a_reindex_keeps_the_marks_of_a_catalog_that_can_be_read) {
  die_loading("run", 3);
  use("run", fallback);
  BOOST_TEST(Store::reindex(root).knows_marks);
  BOOST_TEST(to_string(Store::open(root).resolve(newer.id).state) == "suspect");
  write(root / "catalog.sqlite", "no database");
  BOOST_TEST(!Store::reindex(root).knows_marks);
  BOOST_TEST(to_string(Store::open(root).resolve(newer.id).state) == "good");
}

BOOST_AUTO_TEST_SUITE_END()
