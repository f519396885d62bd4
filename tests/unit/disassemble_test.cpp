#include "pickle/disassemble.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "io/file.hpp"
#include "pickle/listing_stack.hpp"
#include "support/expect.hpp"
#include "support/opcodes.hpp"

using namespace brine;
using namespace brine::pickle;
using brine::test::Stream;

BOOST_AUTO_TEST_SUITE(disassemble)

namespace {

struct Text final : Sink {
  std::string text;
  std::size_t largest = 0;
  void write(ByteView bytes) override {
    text += text_of(bytes);
    largest = std::max(largest, bytes.size());
  }
};

struct Listed {
  std::string text;
  Listing listing;
};

Listed list(std::string_view payload, std::uint64_t offset = 0, const Limits& limits = {}) {
  const io::MemoryFile file(bytes_of(payload));
  Text out;
  const Listing listing = pickle::disassemble(file, offset, out, limits);
  return {out.text, listing};
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_listing_looks_like_that_of_pickletools) {
  Stream stream;
  stream.proto(4).frame(20).op(Op::empty_dict).memo().mark().text("it's").one().op(Op::setitems);
  stream.global("os", "getcwd").op(Op::tuple2).stop();
  const Listed listed = list(stream.str());
  BOOST_TEST(listed.text ==
             "    0: \\x80 PROTO      4\n"
             "    2: \\x95 FRAME      20\n"
             "   11: }    EMPTY_DICT\n"
             "   12: \\x94 MEMOIZE    (as 0)\n"
             "   13: (    MARK\n"
             "   14: \\x8c     SHORT_BINUNICODE \"it's\"\n"
             "   20: K        BININT1    1\n"
             "   22: u        SETITEMS   (MARK at 13)\n"
             "   23: c    GLOBAL     'os getcwd'\n"
             "   34: \\x86 TUPLE2\n"
             "   35: .    STOP\n"
             "highest protocol among opcodes = 4\n");
  BOOST_TEST(listed.listing.reason == "");
  BOOST_TEST(listed.listing.opcodes == 11U);
  BOOST_TEST(listed.listing.protocol == 4);
  BOOST_TEST(listed.listing.offset == stream.size());
}

BOOST_AUTO_TEST_CASE(offsets_are_those_of_the_payload) {
  const std::string payload = std::string(123'456, 'x') + "N." + "trailing";
  BOOST_TEST(list(payload, 123'456).text ==
             "123456: N    NONE\n123457: .    STOP\nhighest protocol among opcodes = 0\n");
  BOOST_TEST(list(payload, 123'456).listing.offset == 123'458U);
}

BOOST_AUTO_TEST_CASE(what_pickletools_prints_before_it_fails_is_printed) {
  struct Case {
    std::string payload;
    std::string text;  // but for the first line where it is that of NONE
    std::string reason;
  };
  const std::string none = "    0: N    NONE\n";
  const std::vector<Case> cases{
      {"", "", "it is empty"},
      {"N", none, "it ends before its STOP"},
      {"N\xff", none, "byte 0xff is no opcode"},
      {"0", "    0: 0    POP\n", "POP pops 1 values from a stack of 0"},
      {"Nt", none + "    1: t    TUPLE      no MARK exists on stack\n", "no MARK exists on stack"},
      {"(\x85t", "    0: (    MARK\n    1: \\x85     TUPLE1\n    2: ",
       "its MARK was popped as a value before"},
      {"h\7", "    0: h    BINGET     7\n", "memo key 7 has never been stored into"},
      {"Nq\7q\7", none + "    1: q    BINPUT     7\n    3: q    BINPUT     7\n",
       "memo key 7 is stored into for a second time"},
      {"q\7", "    0: q    BINPUT     7\n",
       "the stack is empty, nothing can be stored into the memo"},
      {"(\x94", "    0: (    MARK\n    1: \\x94     MEMOIZE    (as 0)\n",
       "a MARK cannot be stored into the memo"},
      {"NN.", none + "    1: N    NONE\n    2: .    STOP\nhighest protocol among opcodes = 0\n",
       "1 values are left on the stack behind STOP"},
      {"I1x\n", "", "the argument of INT cannot be read"},
      {"Fx\n", "", "the argument of FLOAT is no number"},
      {"Sabc\n", "", "the text of STRING is not in quotes"},
      {"X\1" + std::string(3, '\0') + "\xff.", "", "the text of BINUNICODE is no UTF-8"}};
  for (const Case& one : cases) {
    const Listed listed = list(one.payload);
    BOOST_TEST(listed.text == one.text);
    BOOST_TEST(listed.listing.reason == one.reason);
  }
}

BOOST_AUTO_TEST_CASE(frames_are_printed_and_not_followed) {
  for (const std::uint64_t length : {std::uint64_t{0}, std::uint64_t{1}, ~std::uint64_t{0}}) {
    const Listed listed = list(Stream().frame(length).op(Op::none).stop().str());
    BOOST_TEST(listed.listing.reason == "");
    BOOST_TEST(listed.text.find(fmt::format("FRAME      {}\n", length)) != std::string::npos);
  }
}

BOOST_AUTO_TEST_CASE(a_large_argument_is_printed_whole_from_small_pieces) {
  const std::string content = std::string(300'000, 'x') + "'\n";
  const std::string payload = Stream().op(Op::binbytes, content, 4).stop().str();
  const io::MemoryFile file(bytes_of(payload));
  Text out;
  BOOST_TEST(pickle::disassemble(file, 0, out, {}).reason == "");
  BOOST_TEST((out.text == "    0: B    BINBYTES   b\"" + std::string(300'000, 'x') + "'\\n\"\n" +
                              fmt::format("{:>5}: .    STOP\n", payload.size() - 1) +
                              "highest protocol among opcodes = 3\n"));
  BOOST_TEST(out.largest <= 1U << 18);
}

BOOST_AUTO_TEST_CASE(of_a_large_argument_that_is_cut_short_or_no_text_nothing_is_printed) {
  const std::string content(100'000, 'x');
  const std::string whole = Stream().op(Op::none).op(Op::binunicode, content, 4).str();
  const Listed cut = list(whole.substr(0, whole.size() - 1));
  BOOST_TEST(cut.text == "    0: N    NONE\n");
  BOOST_TEST(cut.listing.reason == "it ends before its STOP");
  const Listed broken = list(Stream().op(Op::binunicode, content + "\xe9", 4).stop().str());
  BOOST_TEST(broken.text == "");
  BOOST_TEST(broken.listing.reason == "the text of BINUNICODE is no UTF-8");
}

BOOST_AUTO_TEST_CASE(integers_end_at_the_digits_that_python_prints) {
  const Listed negative = list(Stream().op(Op::long4, std::string(80'000, '\xff'), 4).stop().str());
  BOOST_TEST(negative.text.find("LONG4      -1\n") != std::string::npos);
  const Listed large = list(Stream().op(Op::long4, std::string(1800, '\x7f'), 4).stop().str());
  BOOST_TEST(large.text == "    0: ");
  BOOST_TEST(large.listing.reason == "max_str_digits: an integer of more than 4300 digits");
}

BOOST_AUTO_TEST_CASE(false_and_true_are_spelled_as_numbers) {
  BOOST_TEST(list("I00\n0I01\n0I1\n.").text ==
             "    0: I    INT        False\n    4: 0    POP\n    5: I    INT        True\n"
             "    9: 0    POP\n   10: I    INT        1\n   13: .    STOP\n"
             "highest protocol among opcodes = 0\n");
}

BOOST_AUTO_TEST_CASE(limits_are_named) {
  const std::vector<std::pair<std::string, Limits>> cases{
      {"max_opcodes", {.max_opcodes = 2}},
      {"max_stack_depth", {.max_stack_depth = 1}},
      {"max_memo_entries", {.max_memo_entries = 1}},
      {"max_line_bytes", {.max_line_bytes = 3}}};
  const std::string payload = "Nq\1q\2((1I12345\n0.";
  for (const auto& [name, limits] : cases) {
    BOOST_TEST(list(payload, 0, limits).listing.reason.starts_with(name), name);
  }
  BOOST_TEST(list("Np-5\n.", 0, {.max_text_bytes = 1}).listing.reason.starts_with("max_"));
}

BOOST_AUTO_TEST_CASE(every_opcode_has_its_effect) {
  // Enough values and marks for any of them; STOP ends a listing and leaves values behind.
  for (const Opcode& code : opcodes) {
    if (code.name.empty() || code.op == Op::stop) continue;
    const std::string line = code.op == Op::string ? "''\n" : "1\n";
    std::string argument;
    if (code.argument == Argument::fixed || code.argument == Argument::counted) {
      argument.assign(code.width, '\0');
    } else if (code.argument != Argument::none) {
      argument = code.argument == Argument::two_lines ? "a\nb\n" : line;
    }
    const bool gets = code.name.ends_with("GET");
    const std::string front = gets ? "Nq" + std::string(1, '\0') + "p1\n" : "";
    const Listed listed =
        list(front + "NNN(NNN" + static_cast<char>(code.op) + argument + "0" + "N");
    BOOST_TEST(listed.listing.reason == "it ends before its STOP", code.name);
  }
}

BOOST_AUTO_TEST_CASE(a_stack_pops_marks_like_values) {
  ListingStack stack;
  stack.push(2);
  stack.push_mark(7);
  stack.push(1);
  BOOST_TEST(stack.depth() == 4U);
  stack.pop(2);
  BOOST_TEST(stack.depth() == 2U);
  BOOST_TEST(stack.open_marks() == 1U);
  BOOST_TEST(!stack.is_mark_on_top());
  BOOST_TEST(!stack.close_mark().has_value());
  stack.push_mark(9);
  BOOST_TEST(stack.is_mark_on_top());
  stack.push(5);
  BOOST_TEST(stack.close_mark().value() == 9U);
  stack.pop(2);
  BOOST_TEST(stack.is_empty());
}

BOOST_AUTO_TEST_CASE(a_memo_knows_places_by_their_value) {
  ListingMemo memo({});
  BOOST_TEST(memo.put("5"));
  BOOST_TEST(memo.holds(5));
  BOOST_TEST(memo.put(std::uint64_t{6}));
  BOOST_TEST(memo.holds("6"));
  for (const std::string& far : {std::string("-5"), std::string(40, '9')}) {
    BOOST_TEST(!memo.holds(far));
    BOOST_TEST(memo.put(far));
    BOOST_TEST(memo.holds(far));
  }
  BOOST_TEST(memo.size() == 4U);
}

BOOST_AUTO_TEST_SUITE_END()
