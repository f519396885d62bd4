#include <cmath>
#include <limits>

#include "catalog/catalog.hpp"
#include "catalog/schema.hpp"
#include "catalog_support.hpp"

using namespace brine;
using namespace brine::catalog;
using namespace brine::test;

namespace {

struct Fixture {
  TemporaryDirectory directory;
  std::filesystem::path path = directory / "catalog.sqlite";
  Catalog catalog = create(path);
};

Entry full_entry() {
  Entry full = entry("run-1", 7, State::good);
  full.snapshot.step = -5;
  full.snapshot.metrics = {{"acc", 0.5},
                           {"inf", std::numeric_limits<double>::infinity()},
                           {"loss", std::numeric_limits<double>::quiet_NaN()},
                           {"minus", -std::numeric_limits<double>::infinity()},
                           {"whole", 3.0},
                           {"zero", -0.0}};
  full.snapshot.tags = {"best", "paper"};
  full.snapshot.codec = {CodecId::xz, 9};
  full.snapshot.payload_bytes = 1ULL << 44;
  full.snapshot.origin = Origin::object;
  full.snapshot.verdict = Verdict::dangerous;
  full.symbols = {{{"a", "B.C"}, 3}, {{"a.b", ""}, 1},
                  {{"caf\xc3\xa9", std::string("x\0y", 3)}, 2}};
  full.steps = {{"sklearn", 12}, {"torch", 1}};
  return full;
}

void require_equal(const Snapshot& found, const Snapshot& expected) {
  BOOST_TEST(found.id == expected.id);
  BOOST_TEST(found.line == expected.line);
  BOOST_TEST(found.seq == expected.seq);
  BOOST_TEST(found.parent == expected.parent);
  BOOST_TEST(found.created == expected.created);
  BOOST_TEST((found.step == expected.step));
  BOOST_TEST(found.tags == expected.tags, boost::test_tools::per_element());
  BOOST_TEST(found.payload_bytes == expected.payload_bytes);
  BOOST_TEST(found.stored_bytes == expected.stored_bytes);
  BOOST_TEST((found.codec == expected.codec));
  BOOST_TEST(found.format == expected.format);
  BOOST_TEST(found.protocol == expected.protocol);
  BOOST_TEST((found.origin == expected.origin));
  BOOST_TEST((found.verdict == expected.verdict));
  BOOST_TEST((found.state == expected.state));
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(catalog_entries, Fixture)

BOOST_AUTO_TEST_CASE(an_entry_comes_back_whole_from_another_connection) {
  const Entry full = full_entry();
  catalog.insert(full);
  const Catalog reader = open(path, Access::read_only);
  const auto found = reader.by_id(full.snapshot.id);
  BOOST_REQUIRE(found.has_value());
  require_equal(*found, full.snapshot);
  BOOST_TEST((reader.symbols(full.snapshot.id) == full.symbols));
  BOOST_TEST((reader.steps(full.snapshot.id) == full.steps));
}

BOOST_AUTO_TEST_CASE(a_plain_entry_comes_back_with_its_absences) {
  const Entry plain = entry("run", 1);
  catalog.insert(plain);
  const auto found = catalog.by_id(plain.snapshot.id);
  BOOST_REQUIRE(found.has_value());
  require_equal(*found, plain.snapshot);
  BOOST_TEST(found->metrics.empty());
  BOOST_TEST(catalog.symbols(plain.snapshot.id).empty());
  BOOST_TEST(catalog.steps("no such id").empty());
}

BOOST_AUTO_TEST_CASE(metrics_keep_nan_and_infinities) {
  const Entry full = full_entry();
  catalog.insert(full);
  const auto metrics = catalog.by_id(full.snapshot.id)->metrics;
  BOOST_TEST(metrics.size() == 6u);
  BOOST_TEST(metrics.at("acc") == 0.5);
  BOOST_TEST(metrics.at("whole") == 3.0);
  BOOST_TEST(metrics.at("zero") == 0.0);
  BOOST_TEST(std::isnan(metrics.at("loss")));
  BOOST_TEST(metrics.at("inf") == std::numeric_limits<double>::infinity());
  BOOST_TEST(metrics.at("minus") == -std::numeric_limits<double>::infinity());
}

BOOST_AUTO_TEST_CASE(tags_come_back_sorted_and_once) {
  Entry tagged = entry("run", 1);
  tagged.snapshot.tags = {"b", "a", "b"};
  catalog.insert(tagged);
  const std::vector<std::string> expected{"a", "b"};
  BOOST_TEST(catalog.by_seq("run", 1)->tags == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_taken_id_or_seq_exists_and_leaves_nothing) {
  catalog.insert(entry("run", 1));
  Entry same_seq = full_entry();
  same_seq.snapshot.line = "run";
  same_seq.snapshot.seq = 1;
  expect_error(Errc::exists, "run:1, is in the catalog", [&] { catalog.insert(same_seq); });
  Entry same_id = full_entry();
  same_id.snapshot.id = id_of("run", 1);
  expect_error(Errc::exists, id_of("run", 1), [&] { catalog.insert(same_id); });
  BOOST_TEST(catalog.log({}).size() == 1u);
  BOOST_TEST(catalog.lines().size() == 1u);
}

BOOST_AUTO_TEST_CASE(an_insert_that_fails_half_way_leaves_nothing) {
  Entry twice = full_entry();
  twice.symbols.push_back(twice.symbols.front());
  expect_error(Errc::internal, "UNIQUE", [&] { catalog.insert(twice); });
  BOOST_TEST(catalog.log({}).empty());
  {
    auto transaction = catalog.begin();
    expect_error(Errc::internal, "UNIQUE", [&] { catalog.insert(twice); });
    catalog.insert(entry("run", 2));
    transaction.commit();
  }
  BOOST_TEST(catalog.log({}).size() == 1u);
  BOOST_TEST(catalog.check().empty());
}

BOOST_AUTO_TEST_CASE(names_that_are_no_plain_file_names_are_refused) {
  Entry bad_line = entry("run", 1);
  bad_line.snapshot.line = "../run";
  expect_error(Errc::usage, "'../run', which is no name", [&] { catalog.insert(bad_line); });
  Entry bad_id = entry("run", 1);
  bad_id.snapshot.id = "../../etc/passwd";
  expect_error(Errc::usage, "not 64 hex digits", [&] { catalog.insert(bad_id); });
}

BOOST_AUTO_TEST_CASE(a_state_changes_in_place) {
  catalog.insert(entry("run", 1));
  catalog.set_state(id_of("run", 1), State::quarantined);
  BOOST_TEST((open(path).by_seq("run", 1)->state == State::quarantined));
  expect_error(Errc::not_found, "abc", [&] { catalog.set_state("abc", State::good); });
}

BOOST_AUTO_TEST_CASE(symbols_are_stored_once) {
  for (std::uint64_t seq = 1; seq <= 3; ++seq) {
    Entry next = entry("run", seq);
    next.symbols = {{{"m", "A"}, seq}, {{"m", "B"}, 1}};
    catalog.insert(next);
  }
  Database raw = Database::open(path, Access::read_only, patience);
  Use count = raw.use("SELECT count(*) FROM symbols");
  BOOST_TEST(count.next());
  BOOST_TEST(count.number<int>(0) == 2);
  BOOST_TEST(catalog.symbols(id_of("run", 3)).front().count == 3u);
}

BOOST_AUTO_TEST_SUITE_END()
BOOST_FIXTURE_TEST_SUITE(catalog_transactions, Fixture)

BOOST_AUTO_TEST_CASE(a_dropped_transaction_leaves_nothing) {
  const std::string before = read_file(path);
  {
    const auto transaction = catalog.begin();
    catalog.insert(full_entry());
    catalog.insert_table({.name = "t", .version = 1});
    catalog.add_event({.time = "now", .kind = "k", .json = "{}"});
    BOOST_TEST(catalog.log({}).size() == 1u);
  }
  BOOST_TEST(catalog.log({}).empty());
  BOOST_TEST(catalog.tables().empty());
  BOOST_TEST(catalog.events(0).empty());
  BOOST_TEST((read_file(path) == before));
  BOOST_TEST(listing(directory.path()).size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_transaction_outlives_a_move_of_its_catalog) {
  auto transaction = catalog.begin();
  Catalog moved = std::move(catalog);
  auto moved_transaction = std::move(transaction);
  moved.insert(entry("run", 1));
  moved_transaction.commit();
  BOOST_TEST(open(path).log({}).size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_second_writer_is_busy_after_its_patience) {
  Catalog second = open(path);
  {
    const auto transaction = catalog.begin();
    const auto start = std::chrono::steady_clock::now();
    expect_error(Errc::busy, "locked", [&] { second.begin(); });
    BOOST_TEST((std::chrono::steady_clock::now() - start >= patience));
  }
  second.begin().commit();
}

BOOST_AUTO_TEST_CASE(readers_see_the_state_before_until_the_commit) {
  Catalog reader = open(path, Access::read_only);
  auto transaction = catalog.begin();
  catalog.insert(entry("run", 1));
  BOOST_TEST(reader.log({}).empty());
  transaction.commit();
  BOOST_TEST(reader.log({}).size() == 1u);
}

BOOST_AUTO_TEST_SUITE_END()
BOOST_FIXTURE_TEST_SUITE(catalog_tables_and_events, Fixture)

BOOST_AUTO_TEST_CASE(tables_come_back_by_name_then_version) {
  for (const auto& [name, version] : {std::pair{"b", 1}, {"a", 10}, {"a", 9}}) {
    catalog.insert_table({.name = name,
                          .version = static_cast<std::uint64_t>(version),
                          .digest = "d",
                          .title = "t",
                          .toml = "[table]\n",
                          .registered = "2026"});
  }
  const auto tables = catalog.tables();
  BOOST_REQUIRE(tables.size() == 3u);
  BOOST_TEST(tables[0].version == 9u);
  BOOST_TEST(tables[1].version == 10u);
  BOOST_TEST(tables[2].name == "b");
  BOOST_TEST(tables[2].toml == "[table]\n");
  const std::map<std::string, std::uint64_t> newest{{"a", 10}, {"b", 1}};
  BOOST_TEST((catalog.newest_steps() == newest));
  expect_error(Errc::exists, "table a:9", [&] {
    catalog.insert_table({.name = "a", .version = 9});
  });
}

BOOST_AUTO_TEST_CASE(what_was_saved_before_a_step_is_found_with_its_symbols) {
  for (std::uint64_t seq = 1; seq <= 3; ++seq) {
    Entry next = entry("run", seq);
    next.symbols = {{{"m", "A"}, seq}};
    if (seq > 1) next.steps = {{"t", seq}, {"other", 9}};
    catalog.insert(next);
  }
  const auto before = catalog.saved_before("t", 3);
  BOOST_REQUIRE(before.size() == 2u);
  BOOST_TEST(before[0].snapshot.seq == 1u);
  BOOST_TEST(before[1].steps.at("t") == 2u);
  BOOST_TEST(before[1].symbols.front().count == 2u);
  BOOST_TEST(catalog.saved_before("t", 2).size() == 1u);
  BOOST_TEST(catalog.saved_before("stranger", 1).size() == 3u);
}

BOOST_AUTO_TEST_CASE(events_come_back_newest_first) {
  for (const char* kind : {"reindex", "fallback", "restore"}) {
    catalog.add_event({.time = "2026", .kind = kind, .line = "run", .json = R"({"a":1})"});
  }
  const auto events = catalog.events(2);
  BOOST_REQUIRE(events.size() == 2u);
  BOOST_TEST(events[0].kind == "restore");
  BOOST_TEST(events[1].kind == "fallback");
  BOOST_TEST(events[0].line == "run");
  BOOST_TEST(events[0].snapshot.empty());
  BOOST_TEST(events[0].json == R"({"a":1})");
  BOOST_TEST(catalog.events(0).size() == 3u);
}

BOOST_AUTO_TEST_SUITE_END()
