// Values saved into a store and loaded from it.
#include "brine/checkpoint.hpp"

#include "support/store.hpp"

using namespace brine;
using namespace brine::test;

namespace {

Value state(std::int64_t epoch, const std::vector<float>& weights) {
  return Value::dict(
      {{"epoch", epoch}, {"weights", Value::array(std::span(weights), {weights.size()})}});
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(checkpoint, StoreFixture)

BOOST_AUTO_TEST_CASE(a_value_comes_back_from_the_reference_it_was_saved_under) {
  const std::vector<float> weights(100'000, 0.25F);
  for (const int protocol : {2, 3, 4, 5}) {
    const Snapshot saved =
        save_value(store, "run", state(protocol, weights),
                   {.step = protocol, .metrics = {{"loss", 0.5}}}, {.protocol = protocol});
    BOOST_TEST(saved.protocol == protocol);
    BOOST_TEST((saved.origin == Origin::object));
    BOOST_TEST((saved.verdict == Verdict::safe));
    const Checkpoint back = load_value(store, "run@good");
    BOOST_TEST(back.report.served == saved.id);
    BOOST_TEST((back.value == state(protocol, weights)));
  }
  BOOST_TEST(load_value(store, "run@step=3").value["epoch"].integer() == 3);
}

BOOST_AUTO_TEST_CASE(tensors_of_a_saved_value_are_listed_by_their_paths) {
  const std::vector<float> weights{1, 2};
  save_value(store, "run", Value::dict({{"model", state(1, weights)}}));
  const auto tensors = store.tensors("run");
  BOOST_REQUIRE(tensors.size() == 1U);
  BOOST_TEST(tensors[0].path == "model.weights");
  BOOST_TEST(tensors[0].dtype == "float32");
}

BOOST_AUTO_TEST_CASE(a_value_that_cannot_be_written_leaves_no_snapshot) {
  const auto before = tree(root);
  expect_error(Errc::usage, "a: cannot write a text", [&] {
    save_value(store, "run", Value::dict({{"a", "\xff"}}));
  });
  BOOST_TEST(store.log().empty());
  BOOST_TEST((tree(root) == before));
}

BOOST_AUTO_TEST_CASE(a_load_that_falls_back_says_which_value_it_is) {
  const std::vector<float> weights{1, 2};
  save_value(store, "run", state(1, weights));
  const Snapshot second = save_value(store, "run", state(2, weights));
  cut(pack_of(second), 1);
  expect_error(Errc::corrupt, "", [&] { load_value(store, "run"); });
  const Checkpoint back = load_value(store, "run", {.fallback = true});
  BOOST_TEST(back.report.fallback);
  BOOST_TEST(back.value["epoch"].integer() == 1);
}

BOOST_AUTO_TEST_CASE(what_is_no_pickle_is_told_with_the_reference) {
  save("words", {.as_is = true});
  expect_error(Errc::corrupt, "run:1: at offset", [&] { load_value(store, "run:1"); });
  expect_error(Errc::limit, "max_nodes", [&] {
    save_value(store, "more", Value::list({1, 2, 3}));
    load_value(store, "more", {}, {.max_nodes = 2});
  });
}

BOOST_AUTO_TEST_SUITE_END()
