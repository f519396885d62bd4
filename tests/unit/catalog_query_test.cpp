#include <cmath>
#include <limits>

#include "catalog/catalog.hpp"
#include "catalog_support.hpp"

using namespace brine;
using namespace brine::catalog;
using namespace brine::test;

namespace {

constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();
constexpr double inf = std::numeric_limits<double>::infinity();

struct Fixture {
  TemporaryDirectory directory;
  Catalog catalog = create(directory / "catalog.sqlite");

  // Snapshots of `line` with these values of `loss`, from seq 1 on.
  void insert_losses(std::string_view line, const std::vector<double>& losses) {
    std::uint64_t seq = 0;
    for (const double loss : losses) {
      Entry next = entry(line, ++seq);
      next.snapshot.metrics = {{"loss", loss}, {"other", 0.0}};
      catalog.insert(next);
    }
  }
  std::uint64_t best(std::string_view line, Catalog::Best best) {
    return seq_of(catalog.best(line, "loss", best));
  }
};

constexpr auto highest = Catalog::Best::highest;
constexpr auto lowest = Catalog::Best::lowest;

}  // namespace

BOOST_FIXTURE_TEST_SUITE(catalog_references, Fixture)

BOOST_AUTO_TEST_CASE(numbers_go_on_from_the_highest) {
  BOOST_TEST(catalog.next_seq("run") == 1u);
  catalog.insert(entry("run", 1));
  catalog.insert(entry("run", 7));
  catalog.insert(entry("walk", 3));
  BOOST_TEST(catalog.next_seq("run") == 8u);
  BOOST_TEST(catalog.next_seq("Run") == 1u);
}

BOOST_AUTO_TEST_CASE(an_empty_catalog_answers_with_nothing) {
  BOOST_TEST(catalog.log({}).empty());
  BOOST_TEST(catalog.lines().empty());
  BOOST_TEST(!catalog.latest("run").has_value());
  BOOST_TEST(!catalog.by_id("").has_value());
  BOOST_TEST(catalog.by_prefix("").empty());
  BOOST_TEST(!catalog.by_step("run", 0).has_value());
  BOOST_TEST(best("run", highest) == 0u);
  BOOST_TEST(catalog.good_before("run", 5).empty());
  BOOST_TEST(catalog.newest_steps().empty());
  BOOST_TEST(catalog.check().empty());
}

BOOST_AUTO_TEST_CASE(latest_is_the_highest_seq_of_a_state) {
  catalog.insert(entry("run", 1, State::good));
  catalog.insert(entry("run", 3, State::quarantined));
  catalog.insert(entry("run", 2, State::good));
  catalog.insert(entry("walk", 9, State::good));
  BOOST_TEST(seq_of(catalog.latest("run")) == 3u);
  BOOST_TEST(seq_of(catalog.latest("run", State::good)) == 2u);
  BOOST_TEST(seq_of(catalog.latest("run", State::revoked)) == 0u);
  BOOST_TEST(seq_of(catalog.by_seq("run", 1)) == 1u);
  BOOST_TEST(seq_of(catalog.by_seq("run", 9)) == 0u);
}

BOOST_AUTO_TEST_CASE(the_one_before_is_found_over_gaps_and_in_any_state) {
  catalog.insert(entry("run", 2, State::quarantined));
  catalog.insert(entry("walk", 4));
  catalog.insert(entry("run", 7));
  BOOST_TEST(seq_of(catalog.before("run", 7)) == 2u);
  BOOST_TEST(seq_of(catalog.before("run", 100)) == 7u);
  BOOST_TEST(seq_of(catalog.before("run", 2)) == 0u);
}

BOOST_AUTO_TEST_CASE(a_prefix_is_found_and_an_ambiguous_one_gives_two) {
  for (const char* start : {"abcd0", "abcd1", "abcd2", "abce0", "ffff0"}) {
    Entry next = entry("run", catalog.next_seq("run"));
    next.snapshot.id = std::string(start) + std::string(59, 'f');
    catalog.insert(next);
  }
  BOOST_TEST(catalog.by_prefix("abcd").size() == 2u);
  BOOST_TEST(catalog.by_prefix("abcd1").size() == 1u);
  BOOST_TEST(catalog.by_prefix("ffff").size() == 1u);
  BOOST_TEST(catalog.by_prefix("abce0" + std::string(59, 'f')).size() == 1u);
  for (const char* stranger : {"abcf", "ABCD", "%", "abc_", "g", "ffff1", "'"}) {
    BOOST_TEST(catalog.by_prefix(stranger).empty(), stranger);
  }
}

BOOST_AUTO_TEST_CASE(steps_and_tags_name_the_newest) {
  for (std::uint64_t seq = 1; seq <= 4; ++seq) {
    Entry next = entry("run", seq);
    if (seq < 4) {
      next.snapshot.step = seq == 1 ? 100 : 200;
      next.snapshot.tags = {"paper"};
    }
    catalog.insert(next);
  }
  BOOST_TEST(seq_of(catalog.by_step("run", 100)) == 1u);
  BOOST_TEST(seq_of(catalog.by_step("run", 200)) == 3u);
  BOOST_TEST(seq_of(catalog.by_step("run", 300)) == 0u);
  BOOST_TEST(seq_of(catalog.by_tag("run", "paper")) == 3u);
  BOOST_TEST(seq_of(catalog.by_tag("run", "Paper")) == 0u);
  BOOST_TEST(seq_of(catalog.by_tag("walk", "paper")) == 0u);
}

BOOST_AUTO_TEST_CASE(the_good_ones_before_come_newest_first) {
  for (const auto& [seq, state] :
       {std::pair{1, State::good}, {2, State::good}, {3, State::verified}, {4, State::suspect},
        {5, State::good}, {6, State::good}}) {
    catalog.insert(entry("run", static_cast<std::uint64_t>(seq), state));
  }
  const std::vector<std::uint64_t> expected{5, 2, 1};
  BOOST_TEST(seqs_of(catalog.good_before("run", 6)) == expected, boost::test_tools::per_element());
  BOOST_TEST(catalog.good_before("run", 1).empty());
}

BOOST_AUTO_TEST_CASE(lines_come_by_name) {
  for (const char* line : {"b", "a", "B"}) {
    for (const std::uint64_t seq : {1, 2}) catalog.insert(entry(line, seq));
  }
  const std::vector<std::string> expected{"B", "a", "b"};
  BOOST_TEST(catalog.lines() == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE_END()
BOOST_FIXTURE_TEST_SUITE(catalog_best, Fixture)

BOOST_AUTO_TEST_CASE(nan_never_wins) {
  insert_losses("run", {0.5, not_a_number, 0.25, not_a_number});
  BOOST_TEST(best("run", highest) == 1u);
  BOOST_TEST(best("run", lowest) == 3u);
  insert_losses("nothing-else", {not_a_number, not_a_number});
  BOOST_TEST(best("nothing-else", highest) == 0u);
  BOOST_TEST(best("nothing-else", lowest) == 0u);
}

BOOST_AUTO_TEST_CASE(infinities_are_numbers) {
  insert_losses("run", {inf, 0.0, -inf, not_a_number});
  BOOST_TEST(best("run", highest) == 1u);
  BOOST_TEST(best("run", lowest) == 3u);
}

BOOST_AUTO_TEST_CASE(of_equal_ones_the_newest_wins) {
  insert_losses("run", {1.0, 2.0, 2.0, 1.0, 1.5});
  BOOST_TEST(best("run", highest) == 3u);
  BOOST_TEST(best("run", lowest) == 4u);
}

BOOST_AUTO_TEST_CASE(quarantined_and_revoked_ones_do_not_count) {
  insert_losses("run", {1.0, 2.0, 3.0, 4.0});
  catalog.set_state(id_of("run", 4), State::quarantined);
  catalog.set_state(id_of("run", 3), State::revoked);
  BOOST_TEST(best("run", highest) == 2u);
  catalog.set_state(id_of("run", 2), State::suspect);
  BOOST_TEST(best("run", highest) == 2u);
}

BOOST_AUTO_TEST_CASE(other_lines_and_metrics_do_not_count) {
  insert_losses("run", {1.0});
  insert_losses("walk", {2.0});
  BOOST_TEST(best("run", highest) == 1u);
  BOOST_TEST(seq_of(catalog.best("run", "accuracy", highest)) == 0u);
}

BOOST_AUTO_TEST_SUITE_END()
BOOST_FIXTURE_TEST_SUITE(catalog_log, Fixture)

BOOST_AUTO_TEST_CASE(the_log_is_newest_first) {
  catalog.insert(entry("run", 2));
  catalog.insert(entry("run", 1));
  catalog.insert(entry("walk", 3));
  const std::vector<std::uint64_t> all{3, 2, 1};
  BOOST_TEST(seqs_of(catalog.log({})) == all, boost::test_tools::per_element());
  const std::vector<std::uint64_t> run{2, 1};
  BOOST_TEST(seqs_of(catalog.log({.line = "run"})) == run, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(the_log_of_a_line_survives_a_clock_that_steps_back) {
  for (const std::uint64_t seq : {1, 2, 3}) {
    Entry next = entry("run", seq);
    next.snapshot.created = fmt::format("2026-05-04T03:02:{:02}.000Z", 10 - seq);
    catalog.insert(next);
  }
  const std::vector<std::uint64_t> expected{3, 2, 1};
  BOOST_TEST(seqs_of(catalog.log({.line = "run"})) == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(all_of_a_query_holds_at_once) {
  for (const std::uint64_t seq : {1, 2, 3, 4}) {
    for (const char* line : {"run", "walk"}) {
      Entry next = entry(line, seq);
      if (seq % 2 == 0) next.snapshot.tags = {"even"};
      catalog.insert(next);
    }
  }
  BOOST_TEST(catalog.log({.limit = 3}).size() == 3u);
  BOOST_TEST(catalog.log({.tag = "even"}).size() == 4u);
  const auto found = catalog.log({.line = "run", .tag = "even", .limit = 1});
  BOOST_REQUIRE(found.size() == 1u);
  BOOST_TEST(found[0].id == id_of("run", 4));
  BOOST_TEST(catalog.log({.line = "swim"}).empty());
}

BOOST_AUTO_TEST_SUITE_END()
