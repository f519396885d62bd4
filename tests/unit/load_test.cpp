#include <nlohmann/json.hpp>
#include <sys/stat.h>

#include <limits>

#include "support/store.hpp"
#include "support/zips.hpp"

using namespace brine;
using namespace brine::test;
using Json = nlohmann::json;

namespace {

const LoadOptions fallback{.fallback = true};

// Three known-good snapshots of one line.
struct Three : StoreFixture {
  Three() {
    for (int i = 1; i <= 3; ++i) {
      payloads.push_back(pickle_of(std::to_string(i)) + pickle_with_buffers({70000}));
      snapshots.push_back(save(payloads.back(), {.codec = Codec{CodecId::zstd, 1}}));
    }
  }

  LoadReport load_into(Kept& target, const LoadOptions& options = {}) {
    return store.load("run", target, options);
  }

  std::vector<std::string> payloads;
  std::vector<Snapshot> snapshots;
};

struct Damage {
  std::string name;
  std::string_view words;
  std::function<void(Three&, const Snapshot&)> inflict;
};

const std::vector<Damage> damages{
    {"a flipped byte in the pack", "stored digest differs",
     [](Three& t, const Snapshot& s) { flip(t.pack_of(s), 1000); }},
    {"a cut pack", "ends at byte", [](Three& t, const Snapshot& s) { cut(t.pack_of(s), 1); }},
    {"an empty pack", "ends at byte", [](Three& t, const Snapshot& s) { write(t.pack_of(s), ""); }},
    {"no pack", "the pack is missing",
     [](Three& t, const Snapshot& s) { fs::remove(t.pack_of(s)); }},
    {"another pack", "digest differs",
     [](Three& t, const Snapshot& s) {
       const fs::path pack = t.pack_of(s);
       fs::copy_file(t.pack_of(t.snapshots[0]), pack, fs::copy_options::overwrite_existing);
     }},
    {"a flipped byte in the manifest", "its SHA-256 is not its name",
     [](Three& t, const Snapshot& s) { flip(t.manifest_of(s), 100); }},
    {"a cut manifest", "its SHA-256 is not its name",
     [](Three& t, const Snapshot& s) { cut(t.manifest_of(s), 1); }},
    {"no manifest", "the manifest is missing",
     [](Three& t, const Snapshot& s) { fs::remove(t.manifest_of(s)); }},
};

}  // namespace

BOOST_AUTO_TEST_SUITE(loading)

BOOST_AUTO_TEST_CASE(every_damage_is_corrupt_and_falls_back_when_asked_to) {
  for (const Damage& damage : damages) {
    BOOST_TEST_CONTEXT(damage.name) {
      Three three;
      damage.inflict(three, three.snapshots[2]);
      Kept target;
      expect_error(Errc::corrupt, damage.words, [&] { three.load_into(target); });
      BOOST_TEST((three.state_of(three.snapshots[2]) == State::quarantined));
      BOOST_TEST(three.count_events("quarantine") == 1u);
      BOOST_TEST(three.pointer() == three.snapshots[1].id + "\n");

      const LoadReport report = three.load_into(target, fallback);
      BOOST_TEST((target.text == three.payloads[1]));
      BOOST_TEST(report.fallback);
      BOOST_TEST(report.requested == three.snapshots[2].id);
      BOOST_TEST(report.served == three.snapshots[1].id);
      BOOST_TEST(report.seq == 2u);
      BOOST_TEST(report.payload_bytes == target.text.size());
      BOOST_TEST(report.rejected.size() == 1u);
      BOOST_TEST((report.rejected[0].code == Errc::corrupt));
      BOOST_TEST(report.rejected[0].reason.find(damage.words) != std::string::npos);
      BOOST_TEST(report.warnings.empty());
      BOOST_TEST(three.count_events("fallback") == 1u);
      BOOST_TEST(three.count_events("quarantine") == 1u);  // once is enough
    }
  }
}

BOOST_FIXTURE_TEST_CASE(a_pipe_gets_no_byte_of_what_is_damaged, Three) {
  flip(pack_of(snapshots[2]), fs::file_size(pack_of(snapshots[2])) - 1);
  Kept pipe(Kept::Kind::pipe);
  expect_error(Errc::corrupt, "digest differs", [&] { load_into(pipe); });
  BOOST_TEST(pipe.begun == 0);
  const LoadReport report = load_into(pipe, fallback);
  BOOST_TEST(pipe.begun == 1);
  BOOST_TEST((pipe.text == payloads[1]));
  BOOST_TEST(pipe.announced == payloads[1].size());
  BOOST_TEST(report.seq == 2u);
}

BOOST_FIXTURE_TEST_CASE(the_chain_goes_on_until_one_is_whole, Three) {
  flip(pack_of(snapshots[2]), 1000);
  fs::remove(manifest_of(snapshots[1]));
  Kept target;
  const LoadReport report = load_into(target, fallback);
  BOOST_TEST((target.text == payloads[0]));
  BOOST_TEST(report.rejected.size() == 2u);
  BOOST_TEST(report.rejected[0].seq == 3u);
  BOOST_TEST(report.rejected[1].seq == 2u);
  BOOST_TEST(pointer() == snapshots[0].id + "\n");
}

BOOST_FIXTURE_TEST_CASE(nothing_usable_is_an_error, Three) {
  for (const Snapshot& snapshot : snapshots) flip(pack_of(snapshot), 1000);
  Kept target;
  expect_error(Errc::unusable, "3 snapshots tried", [&] { load_into(target, fallback); });
  expect_error(Errc::unusable, "1 snapshot tried", [&] { load_into(target, fallback); });
  BOOST_TEST(pointer().empty());
  const fs::path file = directory / "out";
  write(file, "old");
  expect_error(Errc::unusable, "", [&] { store.load_file("run", file, fallback); });
  BOOST_TEST(contents(file) == "old");
}

BOOST_FIXTURE_TEST_CASE(only_known_good_ancestors_are_served, StoreFixture) {
  const Snapshot good = save(pickle_of("good"));
  save(pickle_of("unverified"), {.verify = false});
  save("text", {.as_is = true});
  const Snapshot newest = save(pickle_of("newest"));
  flip(pack_of(newest), 5);
  Kept target;
  BOOST_TEST(store.load("run", target, fallback).served == good.id);
}

BOOST_FIXTURE_TEST_CASE(the_environment_never_counts_against_a_snapshot, Three) {
  const fs::path pack = pack_of(snapshots[2]);
  fs::remove(pack);
  fs::create_directory(pack);  // opens, but is no file
  Kept target;
  expect_error(Errc::environment, "not a regular file", [&] { load_into(target, fallback); });
  BOOST_TEST((state_of(snapshots[2]) == State::good));
  BOOST_TEST(store.events().empty());
}

BOOST_FIXTURE_TEST_CASE(what_a_target_throws_is_its_own, Three) {
  for (const auto kind : {Kept::Kind::file, Kept::Kind::pipe}) {
    Kept target(kind);
    target.fails_at = 1000;
    expect_error(Errc::environment, "the target is broken", [&] { load_into(target, fallback); });
    target.failure = [] { throw Error(Errc::corrupt, "the target's own file is damaged"); };
    expect_error(Errc::corrupt, "the target's own", [&] { load_into(target, fallback); });
    target.failure = [] { throw std::runtime_error("foreign"); };
    BOOST_CHECK_EXCEPTION(load_into(target, fallback), std::runtime_error,
                          [](const auto& error) { return error.what() == std::string("foreign"); });
    BOOST_TEST(target.begun == 3);
  }
  BOOST_TEST((state_of(snapshots[2]) == State::good));
  BOOST_TEST(store.events().empty());
}

BOOST_FIXTURE_TEST_CASE(a_dangerous_payload_is_refused_unless_unsafe, StoreFixture) {
  const std::string small_zip =
      Zip().add("m/data.pkl", dangerous_pickle()).add("m/version", "3").str();
  const Snapshot good = save(pickle_of("good"));
  for (const std::string& payload : {dangerous_pickle(), small_zip}) {
    const Snapshot bad = save(payload);
    Kept target(Kept::Kind::pipe);
    expect_error(Errc::refused, "os:system", [&] { store.load("run", target); });
    BOOST_TEST(target.begun == 0);
    BOOST_TEST((state_of(bad) == State::verified));
    BOOST_TEST(store.load("run", target, fallback).served == good.id);
    BOOST_TEST((load("run", {.unsafe = true}) == payload));
  }
  BOOST_TEST(load("run", {.unsafe = true, .trusted = {"os:system"}}) == small_zip);
}

BOOST_FIXTURE_TEST_CASE(a_file_appears_whole_or_not_at_all, Three) {
  const fs::path file = directory / "out";
  store.load_file("run", file);
  BOOST_TEST((contents(file) == payloads[2]));
  flip(pack_of(snapshots[2]), 1000);
  expect_error(Errc::corrupt, "", [&] { store.load_file("run", file); });
  BOOST_TEST((contents(file) == payloads[2]));
  store.load_file("run", file, fallback);
  BOOST_TEST((contents(file) == payloads[1]));
  expect_error(Errc::not_found, "nowhere",
               [&] { store.load_file("run:1", directory / "nowhere/out"); });
}

BOOST_FIXTURE_TEST_CASE(the_hook_gets_the_event, Three) {
  const fs::path seen = directory / "seen.json";
  flip(pack_of(snapshots[2]), 1000);
  Kept target;
  const LoadReport report =
      load_into(target, {.fallback = true, .on_fallback = "cat > '" + seen.string() + "'"});
  BOOST_TEST(report.warnings.empty());
  const Json event = Json::parse(contents(seen));
  BOOST_TEST(event.at("schema") == "brine.event/1");
  BOOST_TEST(event.at("event") == "fallback");
  BOOST_TEST(event.at("line") == "run");
  BOOST_TEST(event.at("requested") == snapshots[2].id);
  BOOST_TEST(event.at("served") == snapshots[1].id);
  BOOST_TEST(event.at("seq") == 2);
  BOOST_TEST(event.at("rejected").at(0).at("code") == "corrupt");
  BOOST_TEST(store.events(1).at(0).json + "\n" == contents(seen));
}

BOOST_FIXTURE_TEST_CASE(a_hook_that_fails_is_a_warning, Three) {
  flip(pack_of(snapshots[2]), 1000);
  Kept target;
  const LoadReport report = load_into(target, {.fallback = true, .on_fallback = "exit 7"});
  BOOST_TEST(report.seq == 2u);
  BOOST_TEST(report.warnings.size() == 1u);
  BOOST_TEST(report.warnings[0] == "the alert hook failed: exit status 7");
}

BOOST_AUTO_TEST_CASE(the_stores_own_hook_runs_while_nobody_else_may_write_it) {
  const TemporaryDirectory elsewhere;
  const fs::path seen = elsewhere / "seen";
  StoreFixture fixture({.on_fallback = "cat > '" + seen.string() + "'"});
  fixture.save(pickle_of("1"));
  flip(fixture.pack_of(fixture.save(pickle_of("2"))), 5);
  ::chmod((fixture.root / "brine.json").c_str(), 0664);
  Kept target;
  const LoadReport report = fixture.store.load("run", target, fallback);
  BOOST_TEST(report.warnings.size() == 1u);
  BOOST_TEST(report.warnings[0].find("was not run") != std::string::npos);
  BOOST_TEST(!fs::exists(seen));
  fixture.store.load("run", target, {.fallback = true, .on_fallback = ""});
  ::chmod((fixture.root / "brine.json").c_str(), 0644);
  BOOST_TEST(!fs::exists(seen));
  BOOST_TEST(fixture.store.load("run", target, fallback).warnings.empty());
  BOOST_TEST(fs::exists(seen));
}

BOOST_FIXTURE_TEST_CASE(nan_is_never_the_best, StoreFixture) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  save(pickle_of("1"), {.metrics = {{"loss", 0.1}}});
  save(pickle_of("2"), {.metrics = {{"loss", nan}}});
  const Snapshot best = save(pickle_of("3"), {.metrics = {{"loss", -1e9}}});
  BOOST_TEST(load("run@best(loss)") == pickle_of("1"));
  BOOST_TEST(load("run@best(-loss)") == pickle_of("3"));
  flip(pack_of(best), 5);
  store.verify();
  BOOST_TEST(load("run@best(-loss)") == pickle_of("1"));
}

BOOST_FIXTURE_TEST_CASE(an_asked_for_snapshot_that_is_quarantined_is_tried, Three) {
  const fs::path pack = pack_of(snapshots[2]);
  const std::string content = contents(pack);
  flip(pack, 1000);
  Kept target;
  load_into(target, fallback);
  write(pack, content);
  const LoadReport report = load_into(target, fallback);
  BOOST_TEST(!report.fallback);
  BOOST_TEST((state_of(snapshots[2]) == State::quarantined));  // only verify lifts that
}

BOOST_FIXTURE_TEST_CASE(every_flipped_byte_of_a_manifest_is_corrupt, StoreFixture) {
  const Snapshot snapshot = save(pickle_of("x"));
  const fs::path file = manifest_of(snapshot);
  const std::string text = contents(file);
  for (std::size_t at = 0; at < text.size(); ++at) {
    std::string bad = text;
    bad[at] = static_cast<char>(bad[at] ^ 1);
    write(file, bad);
    expect_error(Errc::corrupt, "its SHA-256 is not its name", [&] { store.show("run"); });
  }
}

BOOST_FIXTURE_TEST_CASE(progress_is_told_of_what_is_handed_over, Three) {
  std::uint64_t last = 0;
  Kept target;
  load_into(target, {.progress = [&](std::uint64_t done, std::uint64_t total) {
              BOOST_TEST(done > last);
              BOOST_TEST(total == payloads[2].size());
              last = done;
            }});
  BOOST_TEST(last == payloads[2].size());
}

BOOST_FIXTURE_TEST_CASE(a_file_target_replaces_files_only, StoreFixture) {
  save(pickle_of("1"));
  const fs::path place = directory / "out.pkl";
  const fs::path link = directory / "latest.pkl";
  fs::create_symlink("out.pkl", link);
  store.load_file("run", link);
  BOOST_TEST(fs::is_symlink(link));
  BOOST_TEST(contents(place) == pickle_of("1"));
  const fs::path fifo = directory / "fifo";
  BOOST_TEST(::mkfifo(fifo.c_str(), 0600) == 0);
  for (const fs::path& wrong : {fifo, directory.path()}) {
    expect_error(Errc::environment, "no regular file", [&] { store.load_file("run", wrong); });
  }
  BOOST_TEST(fs::is_fifo(fifo));
  const fs::path around = root / ".." / "store/x";
  for (const fs::path& inside : {root / "packs/new", root / "brine.json", around}) {
    expect_error(Errc::usage, "inside the store", [&] { store.load_file("run", inside); });
  }
}

BOOST_AUTO_TEST_SUITE_END()
