#include <limits>

#include "store/references.hpp"
#include "support/expect.hpp"
#include "support/temporary.hpp"

using namespace brine;
using brine::test::expect_error;

namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

std::string id_of(std::string_view front) {
  return std::string(front) + std::string(64 - front.size(), '0');
}

struct References {
  References() : catalog(catalog::Catalog::open(directory / "c", catalog::Access::create, {})) {
    auto transaction = catalog.begin();
    add({.id = id_of("1111"),
         .line = "run",
         .seq = 1,
         .step = 100,
         .metrics = {{"loss", 0.5}},
         .state = State::good});
    add({.id = id_of("1112"),
         .line = "run",
         .seq = 2,
         .step = 200,
         .metrics = {{"loss", 0.2}, {"acc", nan}},
         .tags = {"keep"},
         .state = State::good});
    // 3 and 4 were removed.
    add({.id = id_of("aaaa"),
         .line = "run",
         .seq = 5,
         .step = 200,
         .metrics = {{"loss", nan}},
         .tags = {"keep"},
         .state = State::saved});
    add({.id = id_of("beef"), .line = "other", .seq = 1, .state = State::quarantined});
    add({.id = id_of("cccc"), .line = "aaaa", .seq = 1, .state = State::good});
    transaction.commit();
  }

  void add(Snapshot snapshot) {
    snapshot.created = "2026-05-04T03:02:01.123Z";
    snapshot.format = "pickle";
    catalog.insert({snapshot, {}, {}});
  }
  std::string id(std::string_view ref) const {
    return store::resolve(catalog, ref).id.substr(0, 4);
  }

  test::TemporaryDirectory directory;
  catalog::Catalog catalog;
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(references, References)

BOOST_AUTO_TEST_CASE(every_form_names_a_snapshot) {
  const std::vector<std::pair<const char*, const char*>> rows{
      {"run", "aaaa"},          {"run:2", "1112"},          {"run@latest", "aaaa"},
      {"run@good", "1112"},     {"run@best(loss)", "1111"}, {"run@best(-loss)", "1112"},
      {"run@step=100", "1111"}, {"run@step=200", "aaaa"},   {"run@keep", "aaaa"},
      {"run~0", "aaaa"},        {"run~1", "1112"},          {"run~2", "1111"},
      {"run@good~1", "1111"},   {"run:5~1", "1112"},        {"1112", "1112"},
      {"1112~1", "1111"},       {"beef", "beef"},           {"other", "beef"},
      {"beef000000", "beef"},
  };
  for (const auto& [ref, front] : rows) BOOST_TEST(id(ref) == front, ref);
  BOOST_TEST(id(id_of("1111")) == "1111");
}

BOOST_AUTO_TEST_CASE(a_line_beats_the_start_of_an_id) {
  BOOST_TEST(id("aaaa") == "cccc");
  BOOST_TEST(id("aaaa0") == "aaaa");
}

BOOST_AUTO_TEST_CASE(what_is_no_reference_is_a_wrong_call) {
  for (const char* ref : {"",
                          ":1",
                          "@good",
                          "~1",
                          "a b",
                          "../run",
                          "run:",
                          "run:x",
                          "run:-1",
                          "run:1x",
                          "run:1@good",
                          "run@",
                          "run@a b",
                          "run@best(loss",
                          "run@best()",
                          "run@best(-)",
                          "run@best(a b)",
                          "run@step=",
                          "run@step=1.5",
                          "run~",
                          "run~x",
                          "run~-1",
                          "run~1~2",
                          "run\n",
                          "run:99999999999999999999"}) {
    expect_error(Errc::usage, "", [&] { store::resolve(catalog, ref); });
  }
  try {
    store::resolve(catalog, "run@step=many");
  } catch (const Error& error) {
    BOOST_TEST(error.hint() == "brine log run");
    BOOST_TEST(error.what() == std::string("'run@step=many' is no reference: 'many' is no step"));
  }
}

BOOST_AUTO_TEST_CASE(what_is_no_reference_is_none_of_a_line_that_is_not_there_either) {
  for (const char* ref : {"rum@", "rum:x", "rum@best()", "rum@step=x", "rum~x"}) {
    expect_error(Errc::usage, "is no reference", [&] {
      try {
        store::resolve(catalog, ref);
      } catch (const Error& error) {
        BOOST_TEST(error.hint() == "brine log");
        throw;
      }
    });
  }
}

BOOST_AUTO_TEST_CASE(what_is_not_there_is_not_found) {
  struct Row {
    const char* ref;
    const char* words;
    const char* hint;
  };
  const std::vector<Row> rows{
      {"rum", "there is no line rum, did you mean run?", "brine log run"},
      {"elsewhere", "there is no line elsewhere", "brine log"},
      {"dddd", "there is no line dddd", "brine log"},
      {"dddd:1", "there is no line dddd", "brine log"},
      {"run:3", "line run has no snapshot 3", "brine log run"},
      {"run:18446744073709551615", "run has no snapshot", "brine log run"},
      {"run@step=3", "line run has no snapshot of step 3", "brine log run"},
      {"run@never", "line run has no snapshot tagged never", "brine log run"},
      {"run@best(f1)", "line run has no snapshot with a metric f1 that counts", "brine log run"},
      {"run@best(acc)", "metric acc that counts", "brine log run"},
      {"other@good", "line other has no known-good snapshot", "brine log other"},
      {"run~3", "run~3 reaches back before the first snapshot of run", "brine log run"},
      {"run~18446744073709551615", "reaches back", "brine log run"},
  };
  for (const Row& row : rows) {
    expect_error(Errc::not_found, row.words, [&] {
      try {
        store::resolve(catalog, row.ref);
      } catch (const Error& error) {
        BOOST_TEST(error.hint() == row.hint);
        throw;
      }
    });
  }
}

BOOST_AUTO_TEST_CASE(the_start_of_two_ids_is_no_reference) {
  expect_error(Errc::not_found, "no line 111", [&] { store::resolve(catalog, "111"); });
  add({.id = id_of("11110000f"), .line = "third", .seq = 1, .state = State::good});
  expect_error(Errc::usage, "1111 is the start of more than one id",
               [&] { store::resolve(catalog, "1111"); });
  BOOST_TEST(store::resolve(catalog, "11110000f").line == "third");
}

BOOST_AUTO_TEST_SUITE_END()
