#include "pickle/literal.hpp"

#include "support/expect.hpp"
#include "support/opcodes.hpp"

using namespace brine;
using namespace brine::pickle;

namespace {

struct Row {
  Op op;
  std::string_view argument;
  std::optional<std::string_view> text;  // as UTF-8
};

std::optional<std::string> text_of_row(const Row& row) {
  const Token token{.code = &opcodes[static_cast<std::uint8_t>(row.op)],
                    .argument_bytes = row.argument.size(),
                    .argument = bytes_of(row.argument)};
  BOOST_TEST(literal_problem(token) == "", row.argument);
  std::string scratch = "left over";
  const auto text = text_of_push(token, scratch);
  return text ? std::optional(std::string(*text)) : std::nullopt;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(literal)

// What Python 3 says: codecs.escape_decode for STRING, raw-unicode-escape for UNICODE.
BOOST_AUTO_TEST_CASE(pushed_texts_are_decoded_as_python_decodes_them) {
  const Row rows[] = {
      {Op::string, "'plain'", "plain"},
      {Op::string, "\"it's\"", "it's"},
      {Op::string, "''", ""},
      {Op::string, R"('\x41\102\103')", "ABC"},
      {Op::string, R"('\7a')", "\aa"},
      {Op::string, R"('\1234')", "S4"},
      {Op::string, R"('\a\b\f\n\r\t\v')", "\a\b\f\n\r\t\v"},
      {Op::string, R"('\\\'\"')", "\\'\""},
      {Op::string, R"('\q\u0041')", R"(\q\u0041)"},
      {Op::string, R"('\x41\\x41')", R"(A\x41)"},
      {Op::string, R"('\xe9')", std::nullopt},  // the loader's encoding decides
      {Op::string, "'\xe9'", std::nullopt},
      {Op::string, R"('\351')", std::nullopt},
      {Op::unicode, "plain", "plain"},
      {Op::unicode, R"(\u0041\U00000042)", "AB"},
      {Op::unicode, R"(\u00e9)", "\xc3\xa9"},
      {Op::unicode, "\xe9", "\xc3\xa9"},
      {Op::unicode, R"(\u20ac)", "\xe2\x82\xac"},
      {Op::unicode, R"(\U0001f600)", "\xf0\x9f\x98\x80"},
      {Op::unicode, R"(\x41\n)", R"(\x41\n)"},
      {Op::unicode, R"(\\u0041)", R"(\\u0041)"},  // an even number escapes nothing
      {Op::unicode, R"(\\\u0041)", R"(\\A)"},
      {Op::binstring, "bytes", "bytes"},
      {Op::short_binstring, "\xff", std::nullopt},
      {Op::binunicode, "\xc3\xa9", "\xc3\xa9"},
      {Op::short_binunicode, R"(\x41)", R"(\x41)"},
      {Op::binunicode8, "", ""},
  };
  for (const Row& row : rows) {
    const auto text = text_of_row(row);
    BOOST_TEST(text.has_value() == row.text.has_value(), row.argument);
    if (text && row.text) BOOST_TEST(*text == *row.text, row.argument);
  }
}

BOOST_AUTO_TEST_CASE(utf8_is_what_the_standard_says) {
  for (const std::string_view good : {"", "a", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80",
                                      "\xef\xbf\xbf", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf"}) {
    BOOST_TEST(is_utf8(good, Surrogates::refused));
  }
  for (const std::string_view bad : {"\x80", "\xc1\xbf", "\xc2", "\xe0\x9f\xbf", "\xf0\x8f\xbf\xbf",
                                     "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xe2\x82"}) {
    BOOST_TEST(!is_utf8(bad, Surrogates::passed));
  }
  BOOST_TEST(is_utf8("\xed\xa0\x80", Surrogates::passed));
  BOOST_TEST(!is_utf8("\xed\xa0\x80", Surrogates::refused));
}

BOOST_AUTO_TEST_SUITE_END()
