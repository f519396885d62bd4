#include "pickle/stack.hpp"

#include "pickle/memo.hpp"
#include "support/expect.hpp"

using brine::pickle::Memo;
using brine::pickle::Stack;

namespace {

constexpr int hole = -1;
using Places = Memo<int, hole>;

Stack<int> stack_of(std::initializer_list<int> values, std::uint64_t max_depth = 1000) {
  Stack<int> stack(max_depth);
  for (const int value : values) BOOST_REQUIRE(stack.push(value));
  return stack;
}

std::vector<int> topmost(const Stack<int>& stack, std::size_t count) {
  const auto values = stack.topmost(count);
  return {values.begin(), values.end()};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(stack)

BOOST_AUTO_TEST_CASE(values_come_back_from_the_top) {
  Stack<int> stack = stack_of({1, 2, 3});
  BOOST_TEST(stack.top() == 3);
  BOOST_TEST(stack.top(2) == 1);
  BOOST_TEST(topmost(stack, 2) == std::vector({2, 3}));
  BOOST_TEST(topmost(stack, 0).empty());
  stack.drop(2);
  BOOST_TEST(stack.top() == 1);
  BOOST_TEST(stack.size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_mark_bars_what_lies_below_it) {
  Stack<int> stack = stack_of({1, 2});
  BOOST_TEST(!stack.has_mark());
  BOOST_TEST(stack.push_mark(10));
  BOOST_TEST(stack.has_mark_on_top());
  BOOST_TEST(stack.has(0));
  BOOST_TEST(!stack.has(1));
  BOOST_TEST(stack.push(3));
  BOOST_TEST(!stack.has_mark_on_top());
  BOOST_TEST(stack.has(1));
  BOOST_TEST(!stack.has(2));
  BOOST_TEST(stack.above_mark() == 1u);
  BOOST_TEST(stack.drop_mark() == 1u);
  BOOST_TEST(stack.has(3));
  BOOST_TEST(!stack.has(4));
}

BOOST_AUTO_TEST_CASE(marks_open_and_close_in_turns) {
  Stack<int> stack(1000);
  for (int depth = 0; depth < 100; ++depth) {
    BOOST_REQUIRE(stack.push_mark(0));
    for (int i = 0; i < depth; ++i) BOOST_REQUIRE(stack.push(depth));
    if (depth > 20) stack.drop(stack.drop_mark());
  }
  for (std::size_t depth = 20; stack.has_mark(); --depth) {
    BOOST_TEST(stack.drop_mark() == depth);
    stack.drop(depth);
  }
  BOOST_TEST(stack.size() == 0u);
}

BOOST_AUTO_TEST_CASE(a_mark_that_is_dropped_says_where_it_was_set) {
  Stack<int> stack(1000);
  for (std::uint64_t offset = 0; offset < 5; ++offset) {
    BOOST_REQUIRE(stack.push_mark(7 * offset));
    BOOST_REQUIRE(stack.push(1));
  }
  for (std::uint64_t offset = 5; stack.has_mark();) {
    stack.drop(stack.drop_mark());
    BOOST_TEST(stack.taken_mark() == 7 * --offset);
  }
}

BOOST_AUTO_TEST_CASE(values_and_marks_share_one_limit) {
  for (const std::uint64_t limit : {0U, 1U, 2U, 63U, 64U, 65U, 129U}) {
    for (const std::uint64_t marks : {std::uint64_t{0}, limit / 3, limit}) {
      Stack<int> stack(limit);
      for (std::uint64_t i = 0; i < marks; ++i) BOOST_TEST(stack.push_mark(0));
      for (std::uint64_t i = marks; i < limit; ++i) BOOST_TEST(stack.push(static_cast<int>(i)));
      BOOST_TEST(!stack.push(7), limit << " with " << marks);
      BOOST_TEST(!stack.push_mark(0), limit << " with " << marks);
      BOOST_TEST(stack.size() == limit - marks);
      if (marks == 0) continue;
      const std::size_t above = stack.drop_mark();
      BOOST_TEST(stack.push(8));
      BOOST_TEST(!stack.push(9));
      BOOST_TEST(above == stack.size() - 1);
    }
  }
}

BOOST_AUTO_TEST_CASE(a_cleared_stack_is_as_new) {
  Stack<int> stack = stack_of({1, 2}, 4);
  BOOST_TEST(stack.push_mark(0));
  stack.clear();
  BOOST_TEST(stack.size() == 0u);
  BOOST_TEST(!stack.has_mark());
  for (const int value : {5, 6, 7, 8}) BOOST_TEST(stack.push(value));
  BOOST_TEST(!stack.push(9));
  BOOST_TEST(stack.has(4));
}

BOOST_AUTO_TEST_CASE(what_was_pushed_survives_growth) {
  Stack<int> stack(1'000'000);
  for (int i = 0; i < 10'000; ++i) BOOST_REQUIRE(stack.push(i));
  for (std::size_t below = 0; below < 10'000; ++below) {
    BOOST_TEST(stack.top(below) == 9'999 - static_cast<int>(below));
  }
}

BOOST_AUTO_TEST_SUITE_END()
BOOST_AUTO_TEST_SUITE(memo)

BOOST_AUTO_TEST_CASE(what_is_put_is_got_whatever_its_index) {
  struct Row {
    const char* name;
    std::vector<std::uint64_t> indexes;
  };
  const Row rows[] = {
      {"in turn", {0, 1, 2, 3}},
      {"backwards", {3, 2, 1, 0}},
      {"with holes", {0, 5, 2, 100, 7}},
      {"far off, then near", {1ULL << 40, 0, 1, 2}},
      {"as far as a number goes", {0, ~std::uint64_t{0}, 1, (1ULL << 63) + 1}},
      {"over the gap", {65'536, 65'537, 65'538, 200'000, 200'001}},
  };
  for (const Row& row : rows) {
    Places memo(1'000'000);
    int value = 0;
    for (const std::uint64_t index : row.indexes) BOOST_TEST(memo.put(index, ++value), row.name);
    BOOST_TEST(memo.size() >= row.indexes.size() - 2, row.name);
    value = 0;
    for (const std::uint64_t index : row.indexes) {
      BOOST_TEST(memo.get(index).value_or(hole) == ++value, row.name << ": " << index);
    }
    BOOST_TEST(!memo.get(4'711).has_value(), row.name);
  }
}

BOOST_AUTO_TEST_CASE(the_second_put_counts_once_and_wins) {
  for (const std::uint64_t index : {std::uint64_t{0}, std::uint64_t{9}, ~std::uint64_t{0}}) {
    Places memo(100);
    BOOST_TEST(memo.put(index, 1));
    const std::uint64_t size = memo.size();
    BOOST_TEST(memo.put(index, 2));
    BOOST_TEST(memo.size() == size);
    BOOST_TEST(memo.get(index).value_or(hole) == 2);
  }
}

BOOST_AUTO_TEST_CASE(a_memo_over_its_limit_says_so) {
  Places memo(3);
  for (const std::uint64_t index : {0U, 1U, 2U}) BOOST_TEST(memo.put(index, 1));
  BOOST_TEST(memo.put(1, 2));
  BOOST_TEST(!memo.put(3, 1));
  Places sparse(7);
  BOOST_TEST(!sparse.put(~std::uint64_t{0}, 1));
}

BOOST_AUTO_TEST_SUITE_END()
