#include <sys/stat.h>

#include <sqlite3.h>
#include <sys/wait.h>
#include <unistd.h>

#include "io/lock.hpp"
#include "store/manifest.hpp"
#include "support/store.hpp"

using namespace brine;
using namespace brine::test;

namespace {

constexpr std::string_view table = R"([table]
name = "shop"
version = 1
[[module]]
from = "shop.models"
to = "shop.nets"
)";

bool has_problem(const std::vector<Problem>& problems, std::string_view words) {
  return std::any_of(problems.begin(), problems.end(), [&](const Problem& problem) {
    return problem.what.find(words) != std::string::npos;
  });
}

struct Keeping : StoreFixture {
  Keeping() {
    for (int i = 1; i <= 3; ++i) snapshots.push_back(save(pickle_of(std::to_string(i))));
  }

  // Puts a manifest there that differs from that of `snapshot`, as a crash before the commit does.
  Snapshot orphan(const Snapshot& snapshot, const std::function<void(Snapshot&)>& change) {
    store::Manifest manifest = store::decode_manifest(contents(manifest_of(snapshot)), {});
    change(manifest.snapshot);
    const std::string text = store::encode(manifest);
    manifest.snapshot.id = digest::sha256_hex(bytes_of(text));
    write(manifest_of(manifest.snapshot), text);
    return manifest.snapshot;
  }

  std::vector<std::string> ids() const {
    std::vector<std::string> all;
    for (const Snapshot& snapshot : reopen().log({.line = "run"})) all.push_back(snapshot.id);
    return all;
  }

  std::vector<Snapshot> snapshots;
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(verifying, Keeping)

BOOST_AUTO_TEST_CASE(a_clean_store_has_no_problem) {
  const VerifyReport report = store.verify();
  BOOST_TEST(report.problems.empty());
  BOOST_TEST(report.snapshots == 3u);
  BOOST_TEST(report.blocks == 3u);
  BOOST_TEST(store.events().empty());
  BOOST_TEST(store.verify("run:2").snapshots == 1u);
}

BOOST_AUTO_TEST_CASE(what_is_damaged_is_quarantined_and_restored_when_it_is_whole_again) {
  const fs::path pack = pack_of(snapshots[2]);
  const std::string content = contents(pack);
  flip(pack, 5);
  const VerifyReport report = store.verify();
  BOOST_TEST(report.problems.size() == 1u);
  BOOST_TEST(report.problems[0].where == snapshots[2].id);
  BOOST_TEST((state_of(snapshots[2]) == State::quarantined));
  BOOST_TEST(pointer() == snapshots[1].id + "\n");
  BOOST_TEST(store.verify().problems.size() == 1u);
  BOOST_TEST(count_events("quarantine") == 1u);
  write(pack, content);
  BOOST_TEST(store.verify().problems.empty());
  BOOST_TEST((state_of(snapshots[2]) == State::good));
  BOOST_TEST(pointer() == snapshots[2].id + "\n");
  BOOST_TEST(count_events("restore") == 1u);
}

BOOST_AUTO_TEST_CASE(a_pack_that_grew_is_told) {
  write(pack_of(snapshots[0]), contents(pack_of(snapshots[0])) + "x");
  BOOST_TEST(has_problem(store.verify().problems, "its manifest says"));
}

BOOST_AUTO_TEST_CASE(an_unverified_snapshot_becomes_known_good) {
  const Snapshot saved = save(pickle_of("4"), {.verify = false});
  BOOST_TEST(pointer() == snapshots[2].id + "\n");
  store.verify("run");
  BOOST_TEST((state_of(saved) == State::good));
  BOOST_TEST(pointer() == saved.id + "\n");
  BOOST_TEST(count_events("verify") == 1u);
}

BOOST_AUTO_TEST_CASE(manifests_that_the_catalog_does_not_know_are_told) {
  orphan(snapshots[2], [](Snapshot& s) { s.seq = 9; });
  BOOST_TEST(has_problem(store.verify().problems, "brine reindex adopts it"));
}

BOOST_AUTO_TEST_CASE(pointers_are_checked_and_mended) {
  for (const std::string& wrong :
       {snapshots[0].id + "\n", std::string("garbage"), std::string(9999, 'x')}) {
    write(root / "good" / "run", wrong);
    const VerifyReport report = store.verify();
    BOOST_TEST(report.problems.size() == 1u);
    BOOST_TEST(report.problems[0].where == "good/run");
    const bool is_behind = wrong.starts_with(snapshots[0].id);
    BOOST_TEST((report.problems[0].code == (is_behind ? Errc::not_found : Errc::corrupt)));
    BOOST_TEST(pointer() == snapshots[2].id + "\n");
  }
  fs::remove(root / "good" / "run");
  BOOST_TEST(store.verify().problems.size() == 1u);
  BOOST_TEST(store.verify().problems.empty());
}

BOOST_AUTO_TEST_CASE(the_environment_is_reported_and_changes_no_state) {
  const fs::path pack = pack_of(snapshots[1]);
  fs::remove(pack);
  fs::create_directory(pack);
  const VerifyReport report = store.verify();
  BOOST_TEST((report.problems.at(0).code == Errc::environment));
  BOOST_TEST((state_of(snapshots[1]) == State::good));
}

BOOST_AUTO_TEST_SUITE_END()
BOOST_FIXTURE_TEST_SUITE(reindexing, Keeping)

BOOST_AUTO_TEST_CASE(the_catalog_is_rebuilt_from_manifests_alone) {
  store.add_table(table, "t.toml");
  save(pickle_of("4"), {.step = 4, .metrics = {{"loss", 0.5}}, .tags = {"t"}}, "other.line");
  const auto before = ids();
  for (const char* name : {"catalog.sqlite", "good/run", "good/other.line"})
    fs::remove(root / name);
  const ReindexReport report = Store::reindex(root);
  BOOST_TEST(report.snapshots == 4u);
  BOOST_TEST(report.problems.empty());
  BOOST_TEST((ids() == before));
  const Store again = reopen();
  BOOST_TEST(again.resolve("other.line@t").metrics.at("loss") == 0.5);
  BOOST_TEST(again.resolve("other.line@step=4").seq == 1u);
  BOOST_TEST(again.tables().size() == 1u);
  BOOST_TEST(again.show("other.line").steps.at("shop") == 1u);
  BOOST_TEST(again.events().at(0).kind == "reindex");
  BOOST_TEST(pointer() == snapshots[2].id + "\n");
  BOOST_TEST(pointer("other.line") == again.resolve("other.line").id + "\n");
}

BOOST_AUTO_TEST_CASE(a_damaged_catalog_says_so_and_reindex_mends_it) {
  const auto before = ids();
  store = Store::open(root);
  write(root / "catalog.sqlite", noise(100000));
  try {
    store.log();
    BOOST_ERROR("nothing was thrown");
  } catch (const Error& error) {
    BOOST_TEST(info(error.code()).name == "corrupt");
    BOOST_TEST(error.hint() == "brine reindex");
  }
  Store::reindex(root);
  BOOST_TEST((ids() == before));
  BOOST_TEST(contents(root / "catalog.sqlite.old") == noise(100000));
}

BOOST_AUTO_TEST_CASE(brine_json_is_written_anew_from_the_manifests) {
  const auto before = ids();
  const std::string good = contents(root / "brine.json");
  for (const std::string& wrong : {std::string(), std::string("{"), noise(100)}) {
    if (wrong.empty()) {
      fs::remove(root / "brine.json");
    } else {
      write(root / "brine.json", wrong);
    }
    try {
      Store::open(root);
      BOOST_ERROR("nothing was thrown");
    } catch (const Error& error) {
      BOOST_TEST((error.code() == (wrong.empty() ? Errc::not_found : Errc::corrupt)));
      BOOST_TEST(error.hint().ends_with(" reindex"));
    }
    const ReindexReport report = Store::reindex(root);
    BOOST_TEST(report.snapshots == 3u);
    BOOST_TEST(report.problems.at(0).where == "brine.json");
    BOOST_TEST((ids() == before));
    // The same store: its id comes from the manifests.
    const std::string fresh = contents(root / "brine.json");
    const std::string key = "\"store\": ";
    BOOST_TEST(fresh.substr(fresh.find(key)) == good.substr(good.find(key)));
  }
  BOOST_TEST(Store::reindex(root).problems.empty());
}

BOOST_AUTO_TEST_CASE(what_is_no_file_is_told_and_keeps_nothing_else_out) {
  const fs::path manifest = manifest_of(snapshots[1]);
  for (const bool as_directory : {true, false}) {
    fs::remove_all(manifest);
    if (as_directory) {
      fs::create_directory(manifest);
    } else {
      BOOST_TEST(::mkfifo(manifest.c_str(), 0600) == 0);
    }
    const ReindexReport report = Store::reindex(root);
    BOOST_TEST(report.snapshots == 2u);
    BOOST_TEST(report.problems.at(0).where == manifest.lexically_relative(root).string());
  }
  fs::remove(root / "good/run");
  fs::create_directory(root / "good/run");
  BOOST_TEST(!Store::reindex(root).problems.empty());
  BOOST_TEST(!store.verify().problems.empty());
}

BOOST_AUTO_TEST_CASE(a_store_of_a_newer_format_is_not_written_anew) {
  const std::string newer = "{\"brine\":99,\"store\":\"x\"}";
  write(root / "brine.json", newer);
  expect_error(Errc::unsupported, "99", [&] { Store::reindex(root); });
  BOOST_TEST(contents(root / "brine.json") == newer);
}

BOOST_AUTO_TEST_CASE(a_store_that_is_open_sees_the_new_catalog) {
  BOOST_TEST(store.log().size() == 3u);
  orphan(snapshots[2], [](Snapshot& s) { s.seq = 4; });
  Store::reindex(root);
  BOOST_TEST(store.log().size() == 4u);
  BOOST_TEST(save(pickle_of("5")).seq == 5u);
  BOOST_TEST(reopen().log().size() == 5u);
}

BOOST_AUTO_TEST_CASE(an_orphan_is_adopted) {
  const Snapshot adopted = orphan(snapshots[2], [&](Snapshot& s) {
    s.seq = 4;
    s.parent = snapshots[2].id;
  });
  BOOST_TEST(Store::reindex(root).snapshots == 4u);
  BOOST_TEST(store.resolve("run").id == adopted.id);
  BOOST_TEST(load("run") == pickle_of("3"));
  BOOST_TEST(pointer() == adopted.id + "\n");
}

// The number of a manifest that a crash left behind is taken again by the next save.
BOOST_AUTO_TEST_CASE(of_two_with_one_number_the_acknowledged_one_stays) {
  const auto before = ids();
  for (const char* created : {"2020-01-01T00:00:00.000Z", "2099-01-01T00:00:00.000Z"}) {
    orphan(snapshots[1], [&](Snapshot& s) { s.created = created; });  // 3 names its parent
  }
  orphan(snapshots[2], [](Snapshot& s) { s.created = "2020-01-01T00:00:00.000Z"; });
  const ReindexReport report = Store::reindex(root);
  BOOST_TEST(report.snapshots == 3u);
  BOOST_TEST(report.problems.size() == 3u);
  BOOST_TEST(has_problem(report.problems, "run:2 was saved again after a crash"));
  BOOST_TEST((ids() == before));
}

BOOST_AUTO_TEST_CASE(what_cannot_be_read_is_left_out_and_told) {
  flip(manifest_of(snapshots[0]), 10);
  write(root / "snapshots" / "ab" / "notes.json", "{}");
  fs::remove(pack_of(snapshots[1]));
  cut(pack_of(snapshots[2]), 1);
  const ReindexReport report = Store::reindex(root);
  BOOST_TEST(report.snapshots == 2u);
  BOOST_TEST(report.problems.size() == 4u);
  for (const char* words : {"SHA-256 is not its name", "the manifest is missing",
                            "the pack is missing", "the pack has another length"}) {
    BOOST_TEST(has_problem(report.problems, words), words);
  }
  BOOST_TEST((state_of(snapshots[1]) == State::quarantined));
  BOOST_TEST((state_of(snapshots[2]) == State::quarantined));
  BOOST_TEST(pointer().empty());
}

BOOST_AUTO_TEST_CASE(pointers_of_lines_that_are_gone_go_too) {
  write(root / "good" / "gone", snapshots[0].id + "\n");
  Store::reindex(root);
  BOOST_TEST(!fs::exists(root / "good" / "gone"));
}

// A process that dies in a transaction leaves a journal that belongs to the old catalog.
BOOST_AUTO_TEST_CASE(a_hot_journal_is_not_played_into_the_new_catalog) {
  const fs::path path = root / "catalog.sqlite";
  for (const bool is_alone : {false, true}) {
    const pid_t child = ::fork();
    if (child == 0) {
      sqlite3* database = nullptr;
      sqlite3_open(path.c_str(), &database);
      sqlite3_exec(database,
                   "PRAGMA cache_size=1; PRAGMA cache_spill=1; BEGIN IMMEDIATE;"
                   "UPDATE snapshots SET line='lost'; CREATE TABLE big(x);"
                   "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n LIMIT 500)"
                   " INSERT INTO big SELECT randomblob(2000) FROM n",
                   nullptr, nullptr, nullptr);
      ::_exit(0);
    }
    ::waitpid(child, nullptr, 0);
    BOOST_TEST_REQUIRE(fs::exists(path.string() + "-journal"));
    if (is_alone) fs::rename(path, path.string() + ".old");  // a crash in an earlier reindex
    BOOST_TEST(Store::reindex(root).snapshots == 3u);
    BOOST_TEST(!fs::exists(path.string() + "-journal"));
    BOOST_TEST(reopen().log({.line = "run"}).size() == 3u);
    BOOST_TEST(reopen().verify().problems.empty());
  }
}

BOOST_AUTO_TEST_CASE(a_reindex_waits_for_the_lock_and_leaves_no_half) {
  const io::FileLock lock(root / "lock", io::Hold::exclusive, std::chrono::milliseconds(0));
  const auto before = tree(root);
  expect_error(Errc::busy, "lock", [&] { Store::reindex(root, {.lock_timeout_ms = 0}); });
  BOOST_TEST((tree(root) == before));
  expect_error(Errc::not_found, "no store", [&] { Store::reindex(directory.path()); });
}

BOOST_AUTO_TEST_CASE(tables_are_taken_from_their_places) {
  store.add_table(table, "t.toml");
  fs::copy_file(root / "tables/shop/000001.toml", root / "tables/shop/000001-copy.toml");
  write(root / "tables/shop/000002.toml", "not toml [");
  const ReindexReport report = Store::reindex(root);
  BOOST_TEST(report.problems.size() == 2u);
  BOOST_TEST(
      has_problem(report.problems, "it holds step shop:1, whose place is tables/shop/000001.toml"));
  BOOST_TEST(reopen().tables().size() == 1u);
}

BOOST_AUTO_TEST_SUITE_END()
