#include "pickle/python_repr.hpp"

#include <limits>
#include <string>
#include <vector>

#include "pickle/printable.hpp"
#include "support/expect.hpp"

using namespace brine;
using namespace brine::pickle;

BOOST_AUTO_TEST_SUITE(python_repr)

namespace {

using namespace std::string_literals;

struct Text final : Sink {
  std::string text;
  std::size_t writes = 0;
  void write(ByteView bytes) override {
    text += text_of(bytes);
    ++writes;
  }
};

template <typename Put>
std::string written(Put put) {
  Text sink;
  TextBuffer out(sink);
  put(out);
  out.flush();
  return sink.text;
}

std::string repr(Spelling spelling, std::string_view content) {
  return written([&](TextBuffer& out) { put_repr(out, spelling, content); });
}

std::string repr(double value) {
  return written([&](TextBuffer& out) { put_repr(out, value); });
}

}  // namespace

BOOST_AUTO_TEST_CASE(texts_are_quoted_and_escaped) {
  const std::vector<std::pair<std::string, std::string>> cases{
      {"", "''"},
      {"abc", "'abc'"},
      {"it's", "\"it's\""},
      {"say \"x\"", "'say \"x\"'"},
      {"'\"", "'\\'\"'"},
      {"a\\b", "'a\\\\b'"},
      {"\t\n\r\x01\x7f\0"s, "'\\t\\n\\r\\x01\\x7f\\x00'"},
      {"caf\xc3\xa9", "'caf\xc3\xa9'"},
      {"\xc2\x85\xc2\xa0\xc2\xad", "'\\x85\\xa0\\xad'"},
      {"\xe2\x80\xa8\xed\xa0\x80", "'\\u2028\\ud800'"},
      {"\xf0\x9f\x98\x80\xf3\xa0\x80\x81", "'\xf0\x9f\x98\x80\\U000e0001'"}};
  for (const auto& [content, expected] : cases) {
    BOOST_TEST(repr(Spelling::utf8, content) == expected);
  }
}

BOOST_AUTO_TEST_CASE(bytes_stand_for_themselves_or_for_latin1) {
  BOOST_TEST(repr(Spelling::bytes, "a'\xe9\0"s) == "b\"a'\\xe9\\x00\"");
  BOOST_TEST(repr(Spelling::bytes, "'\"") == "b'\\'\"'");
  BOOST_TEST(repr(Spelling::bytearray, "") == "bytearray(b'')");
  BOOST_TEST(repr(Spelling::bytearray, "'") == "bytearray(b\"\\'\")");
  BOOST_TEST(repr(Spelling::bytearray, "\"\x80") == "bytearray(b'\"\\x80')");
  BOOST_TEST(repr(Spelling::latin1, "\xe9\xff\x80'") == "\"\xc3\xa9\xc3\xbf\\x80'\"");
}

BOOST_AUTO_TEST_CASE(floats_are_short_and_switch_to_exponents_where_python_does) {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  const std::vector<std::pair<double, std::string>> cases{
      {0.0, "0.0"},
      {-0.0, "-0.0"},
      {1, "1.0"},
      {0.1, "0.1"},
      {100, "100.0"},
      {123.456, "123.456"},
      {1e15, "1000000000000000.0"},
      {9999999999999998, "9999999999999998.0"},
      {1e16, "1e+16"},
      {1.5e16, "1.5e+16"},
      {1e-4, "0.0001"},
      {1e-5, "1e-05"},
      {1.25e-7, "1.25e-07"},
      {1e100, "1e+100"},
      {5e-324, "5e-324"},
      {1.7976931348623157e308, "1.7976931348623157e+308"},
      {1.0 / 3, "0.3333333333333333"},
      {-2.5, "-2.5"},
      {infinity, "inf"},
      {-infinity, "-inf"},
      {-std::numeric_limits<double>::quiet_NaN(), "nan"}};
  for (const auto& [value, expected] : cases) BOOST_TEST(repr(value) == expected);
}

BOOST_AUTO_TEST_CASE(pieces_choose_the_quote_of_the_whole) {
  const std::vector<std::pair<std::vector<std::string>, char>> cases{{{}, '\''},
                                                                     {{"ab", "c"}, '\''},
                                                                     {{"a'", "c"}, '"'},
                                                                     {{"'", "\""}, '\''},
                                                                     {{"\"", "'"}, '\''}};
  for (const auto& [pieces, expected] : cases) {
    QuoteChoice choice;
    for (const std::string& piece : pieces) choice.see(piece);
    BOOST_TEST(choice.quote() == expected);
  }
}

BOOST_AUTO_TEST_CASE(pieces_of_utf8_end_behind_a_character) {
  BOOST_TEST(whole_characters("") == 0U);
  BOOST_TEST(whole_characters("abc") == 3U);
  BOOST_TEST(whole_characters("ab\xc3") == 2U);
  BOOST_TEST(whole_characters("ab\xc3\xa9") == 4U);
  BOOST_TEST(whole_characters("ab\xe2\x82") == 2U);
  BOOST_TEST(whole_characters("ab\xf0\x9f\x98") == 2U);
  BOOST_TEST(whole_characters("ab\xf0\x9f\x98\x80") == 6U);
}

BOOST_AUTO_TEST_CASE(printable_characters_are_those_of_unicode_14) {
  for (const char32_t c :
       {U' ', U'~', U'\u00a1', U'\u00e9', U'\u4e2d', U'\U0001f600', U'\U0001fae0'}) {
    BOOST_TEST(is_printable(c));
  }
  // The last one came with Unicode 15.
  for (const char32_t c : {U'\x1f', U'\x7f', U'\u00a0', U'\u00ad', U'\u200b', U'\u2028', U'\ue000',
                           U'\U0010ffff', U'\U0001fae8'}) {
    BOOST_TEST(!is_printable(c));
  }
  BOOST_TEST(!is_printable(char32_t{0xd800}));
}

BOOST_AUTO_TEST_CASE(a_buffer_passes_on_what_it_cannot_hold) {
  Text sink;
  TextBuffer out(sink);
  const std::string text(700'001, 'x');
  out.put("a");
  out.put(text);
  out.put_blanks(300'000);
  out.put_number(std::int64_t{-5});
  out.flush();
  BOOST_TEST((sink.text == "a" + text + std::string(300'000, ' ') + "-5"));
  BOOST_TEST(sink.writes < 8U);
}

BOOST_AUTO_TEST_SUITE_END()
