#include "pickle/texts.hpp"

#include <fmt/format.h>

#include "support/expect.hpp"

using brine::pickle::TextTable;

BOOST_AUTO_TEST_SUITE(texts)

BOOST_AUTO_TEST_CASE(texts_are_numbered_as_they_come_and_held_once) {
  TextTable table(1 << 20);
  BOOST_TEST(table.number("a").value() == 0u);
  BOOST_TEST(table.number("").value() == 1u);
  BOOST_TEST(table.number("a").value() == 0u);
  BOOST_TEST(table.number(std::string_view("a\0", 2)).value() == 2u);
  BOOST_TEST(table.size() == 3u);
  BOOST_TEST(table.text(2) == std::string_view("a\0", 2));
}

BOOST_AUTO_TEST_CASE(the_empty_text_is_a_text_even_where_it_comes_first) {
  TextTable table(1 << 20);
  for (const std::string_view text : {"", "a", ""}) {
    BOOST_TEST(table.text(table.number(text).value()) == text);
  }
  BOOST_TEST(table.size() == 2u);
}

BOOST_AUTO_TEST_CASE(texts_of_every_length_are_told_apart) {
  TextTable table(1 << 22);
  for (std::size_t size = 1; size <= 300; ++size) {
    std::string text(size, 'x');
    for (const std::size_t at : {std::size_t{0}, size / 2, size - 1}) {
      text[at] = 'y';
      const std::uint32_t number = table.number(text).value();
      BOOST_TEST(table.text(number) == text);
      text[at] = 'x';
    }
  }
}

BOOST_AUTO_TEST_CASE(views_stay_where_they_are_while_the_table_grows) {
  TextTable table(64 << 20);
  const std::string_view first = table.text(table.number("the first").value());
  for (int i = 0; i < 100'000; ++i) table.number(fmt::format("text-{}", i));
  BOOST_TEST(first.data() == table.text(0).data());
  for (int i = 0; i < 100'000; i += 77) {
    BOOST_TEST(table.number(fmt::format("text-{}", i)).value() == static_cast<unsigned>(i) + 1);
  }
}

BOOST_AUTO_TEST_CASE(a_full_table_knows_what_it_holds_and_takes_no_more) {
  TextTable table(200);
  std::uint32_t count = 0;
  while (table.number(fmt::format("text-{}", count))) ++count;
  BOOST_TEST(count > 2u);
  BOOST_TEST(table.bytes() <= 200u);
  BOOST_TEST(table.number("text-0").value() == 0u);
  BOOST_TEST(!table.number("another").has_value());
  BOOST_TEST(!TextTable(1 << 30).number(std::string((1 << 18) + 1, 'x')).has_value());
}

BOOST_AUTO_TEST_SUITE_END()
