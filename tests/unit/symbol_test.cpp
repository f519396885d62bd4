// Which symbols the machine meets, and where it gives up on names and literals.
#include <fmt/format.h>

#include "pickle/literal.hpp"
#include "pickle/machine.hpp"
#include "support/expect.hpp"
#include "support/opcodes.hpp"

using namespace brine;
using namespace brine::pickle;
using brine::test::Stream;

namespace {

std::string run(Machine& machine, const Stream& stream, std::uint64_t base = 0) {
  machine.begin();
  TokenReader reader(machine, base, {});
  reader.feed(stream.bytes());
  reader.finish();
  return reader.state() == TokenReader::State::stopped ? "" : reader.reason();
}

std::string why(const Stream& stream) {
  Machine machine(Detail::pushes);
  return run(machine, Stream(stream).stop());
}

std::string symbols(const Machine& machine) {
  std::string all;
  for (const MetSymbol& met : machine.symbols()) {
    all += fmt::format("{}:{} x{} at {} p{}\n", met.symbol.module, met.symbol.name, met.count,
                       met.offset, met.protocol);
  }
  return all;
}

std::string symbols(const Stream& stream) {
  Machine machine(Detail::symbols);
  BOOST_TEST(run(machine, Stream(stream).stop()) == "");
  return symbols(machine);
}

// Text pushes that the machine kept, with a star where they are data too.
std::string texts(const Stream& stream) {
  Machine machine(Detail::pushes);
  BOOST_TEST(run(machine, Stream(stream).stop()) == "");
  std::string all;
  for (const TextPush& push : machine.text_pushes()) {
    all += fmt::format("{}{} ", machine.text(push), push.is_data ? "*" : "");
  }
  return all;
}

constexpr const char* computed =
    "STACK_GLOBAL takes a name that is computed, not written in the pickle";
constexpr const char* not_plain = "STACK_GLOBAL takes a text that is no plain name";

}  // namespace

BOOST_AUTO_TEST_SUITE(symbol)

BOOST_AUTO_TEST_CASE(symbols_are_counted_from_their_first_place_on) {
  const Stream stream = Stream().proto(2).global("a", "B").global("c.d", "E").global("a", "B");
  BOOST_TEST(symbols(stream) == "a:B x2 at 2 p2\nc.d:E x1 at 7 p2\n");
}

BOOST_AUTO_TEST_CASE(stack_global_takes_its_names_from_anywhere) {
  const Stream ways[] = {
      Stream().text("m").text("N").stack_global(),
      Stream().long_text("m").op(Op::binunicode8, "N", 8).stack_global(),
      Stream().text("m").put(0).text("N").put(1).get(0).get(1).stack_global(),
      Stream().text("N").memo().text("m").get(0).stack_global(),
      Stream().line(Op::unicode, "m").line(Op::string, "'N'").stack_global(),
      Stream().op(Op::binstring, "m", 4).op(Op::short_binstring, "N", 1).stack_global(),
      Stream().text("m").mark().text("x").op(Op::pop_mark).text("N").stack_global(),
  };
  for (const Stream& way : ways) BOOST_TEST(symbols(way).starts_with("m:N x1 at "));
  BOOST_TEST(symbols(Stream().text("N").dup().stack_global()).starts_with("N:N x1"));
}

BOOST_AUTO_TEST_CASE(a_computed_name_is_given_up_on) {
  const Stream call = Stream().global("m", "f").op(Op::empty_tuple).op(Op::reduce);
  const Stream operands[] = {
      Stream(call), Stream().one(), Stream().op(Op::none), Stream().op(Op::short_binbytes, "N", 1),
      Stream().global("m", "N"), Stream().op(Op::ext1, 1, 1), Stream().line(Op::persid, "N"),
      Stream().text("N").op(Op::tuple1),
  };
  for (const Stream& operand : operands) {
    BOOST_TEST(why(Stream().text("m").raw(operand.str()).stack_global()) == computed);
    BOOST_TEST(why(Stream(operand).text("N").stack_global()) == computed);
  }
  BOOST_TEST(why(Stream().one().memo().text("m").get(0).stack_global()) == computed);
  BOOST_TEST(why(Stream().mark().text("m").mark().text("N").stack_global()) ==
             "STACK_GLOBAL wants 2 values that are not there");
}

BOOST_AUTO_TEST_CASE(a_text_that_is_no_plain_name_is_given_up_on) {
  for (const std::string& text : {std::string("a b"), std::string("a\n"), std::string("'"),
                                  std::string("a\\b"), std::string(), std::string(257, 'a')}) {
    BOOST_TEST(why(Stream().text("m").long_text(text).stack_global()) == not_plain);
  }
  const std::string dotted = "a." + std::string(4000, 'b');
  BOOST_TEST(symbols(Stream().long_text(dotted).text("N").stack_global()).starts_with(dotted));
  BOOST_TEST(why(Stream().op(Op::binunicode, std::string(held_bytes + 1, 'a'), 4).text("N")
                     .stack_global()) == not_plain);
}

BOOST_AUTO_TEST_CASE(names_are_utf8_and_not_empty) {
  BOOST_TEST(symbols(Stream().global("caf\xc3\xa9", "N")).starts_with("caf\xc3\xa9:N x1"));
  BOOST_TEST(why(Stream().global("", "N")) == "a symbol has an empty name");
  BOOST_TEST(why(Stream().global("m", "")) == "a symbol has an empty name");
  BOOST_TEST(why(Stream().inst("m", "")) == "a symbol has an empty name");
  BOOST_TEST(why(Stream().global("caf\xe9", "N")) == "the name of a symbol is not UTF-8");
  BOOST_TEST(why(Stream().text("m").text("\xed\xa0\x80").stack_global()) ==
             "the name of a symbol is not UTF-8");
  BOOST_TEST(why(Stream().op(Op::binstring, "\xc3\xa9", 4).text("N").stack_global()) == not_plain);
  BOOST_TEST(why(Stream().line(Op::string, "'\xc3\xa9'").text("N").stack_global()) == not_plain);
}

BOOST_AUTO_TEST_CASE(names_keep_blanks_dots_and_carriage_returns_of_their_lines) {
  BOOST_TEST(symbols(Stream().global("a b", "N.O P\r")) == "a b:N.O P\r x1 at 0 p0\n");
}

BOOST_AUTO_TEST_CASE(inst_takes_its_arguments_and_makes_an_object) {
  const Stream inst = Stream().mark().one().text("x").line(Op::inst, "m").raw("N\n");
  BOOST_TEST(symbols(inst) == "m:N x1 at 6 p0\n");
  BOOST_TEST(texts(inst) == "x* ");
  BOOST_TEST(why(Stream().line(Op::inst, "m").raw("N\n")) == "INST finds no mark");
}

BOOST_AUTO_TEST_CASE(the_protocol_in_force_changes_in_mid_stream) {
  const Stream stream = Stream().global("a", "B").proto(4).global("c", "D.E").proto(2)
                            .global("c", "D.E").global("c", "F");
  BOOST_TEST(symbols(stream) == "a:B x1 at 0 p0\nc:D.E x2 at 7 p2\nc:F x1 at 23 p2\n");
  Machine machine(Detail::pushes);
  BOOST_TEST(run(machine, Stream(stream).stop()) == "");
  BOOST_TEST(machine.highest_protocol() == 4);
  BOOST_TEST(machine.pushes()[1].protocol == 4);
  BOOST_TEST(machine.pushes()[2].protocol == 2);
  BOOST_TEST(why(Stream().proto(6)) == "protocol 6 is not known, the highest is 5");
}

BOOST_AUTO_TEST_CASE(symbols_of_pickles_that_follow_one_another_add_up) {
  Machine machine(Detail::pushes);
  const Stream first = Stream().proto(4).symbol("m", "N").stop();
  BOOST_TEST(run(machine, first) == "");
  const Stream second = Stream().global("m", "N").global("o", "P").stop();
  BOOST_TEST(run(machine, second, first.size()) == "");
  BOOST_TEST(symbols(machine) == "m:N x2 at 10 p0\no:P x1 at 18 p0\n");
  BOOST_TEST(machine.highest_protocol() == 4);
  // Neither memo nor stack, nor marks of an earlier pickle are there.
  BOOST_TEST(run(machine, Stream().get(0).stop()) == "memo entry 0 was never put");
  BOOST_TEST(run(machine, Stream().mark().one()) != "");
  BOOST_TEST(run(machine, Stream().op(Op::list).stop()) == "LIST finds no mark");
}

BOOST_AUTO_TEST_CASE(extension_codes_are_noted) {
  Machine machine(Detail::symbols);
  const Stream stream =
      Stream().op(Op::ext1, 255, 1).op(Op::ext2, 300, 2).op(Op::ext4, 70'000, 4).stop();
  BOOST_TEST(run(machine, stream) == "");
  BOOST_TEST(machine.extensions() == (std::vector<std::uint64_t>{0, 2, 5}));
  BOOST_TEST(why(Stream().op(Op::ext1, 0, 1)) == "EXT1 has no valid code");
  BOOST_TEST(why(Stream().op(Op::ext4, 0x80000000, 4)) == "EXT4 has no valid code");
}

BOOST_AUTO_TEST_CASE(large_buffers_are_noted_and_large_texts_are_not) {
  Machine machine(Detail::symbols);
  const std::string large(held_bytes + 1, 'x');
  const Stream stream = Stream().op(Op::binbytes, large, 4).op(Op::binunicode, large, 4)
                            .op(Op::bytearray8, large, 8).op(Op::binbytes, "small", 4).stop();
  BOOST_TEST(run(machine, stream) == "");
  BOOST_REQUIRE(machine.buffers().size() == 2u);
  BOOST_TEST(machine.buffers()[0].offset == 5u);
  BOOST_TEST(machine.buffers()[1].offset == 5 + 2 * large.size() + 5 + 9);
  BOOST_TEST(machine.buffers()[1].bytes == large.size());
}

BOOST_AUTO_TEST_CASE(texts_are_data_where_an_object_takes_them) {
  const Stream data[] = {
      Stream().text("t"), Stream().text("t").op(Op::tuple1),
      Stream().one().text("t").op(Op::tuple2), Stream().op(Op::empty_list).text("t").op(Op::append),
      Stream().mark().text("t").op(Op::list), Stream().mark().text("t").op(Op::frozenset),
      Stream().op(Op::empty_list).mark().text("t").op(Op::appends),
      Stream().op(Op::empty_dict).text("t").one().op(Op::setitem),
      Stream().op(Op::empty_dict).mark().one().text("t").op(Op::setitems),
      Stream().global("m", "C").text("t").op(Op::build),
      Stream().global("m", "C").text("t").op(Op::tuple1).op(Op::reduce),
      Stream().text("t").op(Op::binpersid), Stream().mark().global("m", "C").text("t").op(Op::obj),
      Stream().text("t").memo().op(Op::pop).get(0), Stream().text("t").dup().op(Op::tuple1),
  };
  for (const Stream& stream : data) BOOST_TEST(texts(stream) == "t* ");
  const Stream gone[] = {
      Stream().text("t").op(Op::pop).one(), Stream().mark().text("t").op(Op::pop_mark).one(),
      Stream().text("t").one(),
  };
  for (const Stream& stream : gone) BOOST_TEST(texts(stream) == "t ");
  BOOST_TEST(texts(Stream().symbol("m", "N")) == "m N ");
  BOOST_TEST(texts(Stream().symbol("m", "N").get(0).op(Op::tuple2)) == "m* N ");
}

struct Literal {
  Op op;
  const char* good;
  const char* bad;
};

BOOST_AUTO_TEST_CASE(literals_that_the_c_unpickler_refuses_are_refused) {
  const Literal literals[] = {
      {Op::int_, "0", "018"}, {Op::int_, "-12", "--1"}, {Op::int_, "00", "0_8"},
      {Op::int_, "01", "0x"}, {Op::int_, "123456789012345678901", "1__0"},
      {Op::int_, "7", ""}, {Op::int_, "8", "- 8"}, {Op::int_, "9", "9L"},
      {Op::long_, "12L", "12LL"}, {Op::long_, "-3", "017"}, {Op::long_, "0L", "L"},
      {Op::long_, "1L", "01L"}, {Op::float_, "1.5", "1_0.5"}, {Op::float_, "-1e-05", "1.5 "},
      {Op::float_, "inf", "1e999"}, {Op::float_, "nan", "nan(1)"}, {Op::float_, "-inf", ""},
      {Op::float_, "1e+20", "0x1p3"}, {Op::float_, "3", " 3"},
      {Op::string, "''", "'"}, {Op::string, "\"a'b\"", "'ab\""}, {Op::string, "'a\\x41'", "'\\x4'"},
      {Op::string, "'\\\\'", "'\\'"}, {Op::string, "'\\q\\7'", "abc"},
      {Op::string, "'\xe9'", "'abc' "},
      {Op::unicode, "", "\\u12"}, {Op::unicode, "\\u00e9\\", "\\U00110000"},
      {Op::unicode, "\\\\u12", "\\U0010fff"}, {Op::unicode, "\xe9\\q", "\\u-123"},
      {Op::persid, "", "\xe9"},
  };
  for (const Literal& literal : literals) {
    BOOST_TEST(why(Stream().line(literal.op, literal.good)) == "", literal.good);
    BOOST_TEST(why(Stream().line(literal.op, literal.bad)) != "", literal.bad);
  }
  BOOST_TEST(why(Stream().line(Op::int_, "0x")) == "INT is no number");
  BOOST_TEST(why(Stream().line(Op::string, "abc")) == "STRING is not quoted");
}

BOOST_AUTO_TEST_CASE(texts_are_utf8_with_lone_surrogates) {
  for (const char* good : {"caf\xc3\xa9", "\xed\xa0\x80", "\xf4\x8f\xbf\xbf", "\xe0\xa0\x80",
                           "plain text over eight bytes"}) {
    BOOST_TEST(why(Stream().text(good)) == "");
    BOOST_TEST(why(Stream().op(Op::short_binstring, good, 1)) == "");
  }
  for (const char* bad : {"\xe9", "\xc0\x80", "\xe0\x9f\xbf", "\xf0\x8f\xbf\xbf",
                          "\xf5\x80\x80\x80", "\xf4\x90\x80\x80", "\xe2\x82",
                          "only the last byte is not \xff"}) {
    BOOST_TEST(why(Stream().text(bad)) == "SHORT_BINUNICODE is not UTF-8");
    BOOST_TEST(why(Stream().op(Op::short_binstring, bad, 1)) == "");
  }
  BOOST_TEST(!is_utf8("\xed\xa0\x80", Surrogates::refused));
}

// The machine of a zip goes on with the next member.
BOOST_AUTO_TEST_CASE(a_symbol_over_the_limit_stays_refused_in_the_next_pickle) {
  Machine machine(Detail::symbols, {.max_symbols = 1});
  const Stream two = Stream().global("a", "B").global("c", "D").stop();
  BOOST_TEST(run(machine, two).find("max_symbols") != std::string::npos);
  BOOST_TEST(machine.symbols().size() == 1U);
  BOOST_TEST(run(machine, Stream().global("c", "D").stop()).find("max_symbols") !=
             std::string::npos);
  BOOST_TEST(run(machine, Stream().global("a", "B").stop()) == "");
  BOOST_TEST(machine.symbols()[0].count == 2U);
}

BOOST_AUTO_TEST_SUITE_END()
