#include "pickle/python_literal.hpp"

#include <cmath>
#include <limits>
#include <vector>

#include "support/expect.hpp"

using namespace brine;
using namespace brine::pickle;

BOOST_AUTO_TEST_SUITE(python_literal)

namespace {

using Text = std::optional<std::string>;
using namespace std::string_literals;

struct TextCase {
  std::string spelled;
  Text read;
};

template <typename Read>
void check(const std::vector<TextCase>& cases, Read read) {
  for (const TextCase& one : cases) {
    const auto answer = read(one.spelled);
    BOOST_TEST(answer.has_value() == one.read.has_value(), one.spelled);
    BOOST_TEST(std::string(answer.value_or("")) == one.read.value_or(""), one.spelled);
  }
}

}  // namespace

BOOST_AUTO_TEST_CASE(integers_are_read_as_int_reads_them) {
  check({{"0", "0"},
         {"007", "7"},
         {"-0", "0"},
         {"+12", "12"},
         {" \t-1_000\r", "-1000"},
         {std::string(4300, '9'), std::string(4300, '9')},
         {std::string(4301, '0'), {}},
         {"1_0" + std::string(4299, '0'), {}},
         {"", {}},
         {"-", {}},
         {"- 1", {}},
         {"+-1", {}},
         {"_1", {}},
         {"1_", {}},
         {"1__0", {}},
         {"1 2", {}},
         {"0x1", {}},
         {"12L", {}},
         {"1\0"s, {}}},
        read_integer);
}

BOOST_AUTO_TEST_CASE(floats_are_read_as_float_reads_them) {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  const std::vector<std::pair<std::string, double>> good{
      {"1", 1},
      {"1.", 1},
      {".5", .5},
      {" -2.5e-1 ", -.25},
      {"+1_0.5", 10.5},
      {"1E3", 1000},
      {"inf", infinity},
      {"-Infinity", -infinity},
      {"1e400", infinity},
      {"-1e400", -infinity},
      {"1e-400", 0},
      {"0e99999999999", 0},
      {"0.0e-99999999999", 0},
      {"1e99999999999999999999", infinity},
      {"1e-99999999999999999999", 0},
      {"0." + std::string(330, '0') + "1e331", 1},
      {"1" + std::string(330, '0') + "e-330", 1},
      {"5e-324", 5e-324}};
  for (const auto& [text, value] : good) {
    const auto answer = read_float(text);
    BOOST_TEST_REQUIRE(answer.has_value(), text);
    BOOST_TEST(*answer == value, text);
  }
  BOOST_TEST(std::isnan(read_float("-NaN").value()));
  BOOST_TEST(std::signbit(read_float("-0").value()));
  for (const std::string& text : {""s, "."s, "e5"s, "1e"s, "1e+"s, "_1"s, "1_"s, "1_.5"s, "1._5"s,
                                  "0x1"s, "nan(1)"s, "infinit"s, "1 2"s, "+-1"s, "1\0"s}) {
    BOOST_TEST(!read_float(text).has_value(), text);
  }
}

BOOST_AUTO_TEST_CASE(quotes_stand_at_both_ends) {
  check({{"'abc'", "abc"},
         {"\"a'c\"", "a'c"},
         {"''", ""},
         {"'", ""},
         {"abc", {}},
         {"", {}},
         {"'abc\"", {}},
         {"'abc", {}}},
        without_quotes);
}

BOOST_AUTO_TEST_CASE(escapes_of_bytes_become_ascii_or_nothing) {
  check({{"a.b", "a.b"},
         {"\\\\\\'\\\"\\b\\f\\t\\n\\r\\v\\a", "\\'\"\b\f\t\n\r\v\a"},
         {"\\x41\\x7e", "A~"},
         {"\\101\\7\\08", "A\7\0"s + "8"},
         {"\\400", "\0"s},
         {"\\q\\\\q", "\\q\\q"},
         {"\\", {}},
         {"\\x4", {}},
         {"\\xg0", {}},
         {"\\xe9", {}},
         {"\\377", {}},
         {"\xc3\xa9", {}}},
        unescaped);
}

BOOST_AUTO_TEST_CASE(raw_unicode_escape_becomes_utf8) {
  check({{"abc", "abc"},
         {"\\u0041\\u20ac\\U0001f600", "A\xe2\x82\xac\xf0\x9f\x98\x80"},
         {"\xe9", "\xc3\xa9"},
         {"\\ud83d\\ude00", "\xed\xa0\xbd\xed\xb8\x80"},
         {"\\\\u0041", "\\\\u0041"},
         {"\\n\\", "\\n\\"},
         {"\\u004", {}},
         {"\\u00g0", {}},
         {"\\U0010ffff", "\xf4\x8f\xbf\xbf"},
         {"\\U00110000", {}},
         {"\\U0000004", {}}},
        from_raw_unicode_escape);
}

BOOST_AUTO_TEST_CASE(twos_complement_becomes_decimal) {
  const std::vector<std::pair<std::string, std::string>> cases{
      {"", "0"},
      {"\0"s, "0"},
      {"\xff", "-1"},
      {"\x80", "-128"},
      {"\xff\0"s, "255"},
      {"\0\0\0\0\1"s, "4294967296"},
      {"\0\x28\x6b\xee"s, "-294967296"},
      {"\0\xca\x9a\x3b"s, "1000000000"},
      {"\0\0\0\0\0\0\0\0\1"s, "18446744073709551616"},
      {"\0\0\0\0\0\0\0\x80"s, "-9223372036854775808"},
      {std::string(20, '\xff'), "-1"},
      {std::string(12, '\0') + "\x80", "-10141204801825835211973625643008"}};
  for (const auto& [bytes, digits] : cases) {
    BOOST_TEST(decimal_digits(bytes_of(bytes)) == digits);
  }
}

BOOST_AUTO_TEST_SUITE_END()
