// Which opcode a number, a text, bytes or a name have in a protocol.
#include "pickle/forms.hpp"

#include <cmath>
#include <limits>

#include "pickle/protocol_name.hpp"
#include "support/expect.hpp"
#include "support/opcodes.hpp"

using namespace brine;
using namespace brine::pickle;
using brine::test::expect_error;
using brine::test::Stream;

BOOST_AUTO_TEST_SUITE(forms)

namespace {

struct Text final : Sink {
  std::string text;
  void write(ByteView bytes) override { text += text_of(bytes); }
};

// In protocol 2, behind PROTO.
template <typename Write>
std::string written(Write&& write) {
  Text out;
  FrameWriter frames(out, 2);
  write(frames);
  frames.finish();
  return out.text.substr(2);
}

std::string joined(const ProtocolName& name) {
  std::string text = name.symbol.module + ":" + name.symbol.name;
  for (const std::string& attribute : name.attributes) text += "|" + attribute;
  return text;
}

}  // namespace

BOOST_AUTO_TEST_CASE(lengths_choose_the_shortest_opcode_that_the_protocol_has) {
  const struct {
    std::uint64_t bytes;
    int protocol;
    Op text;
    Op raw;
  } vectors[] = {
      {0, 3, Op::binunicode, Op::short_binbytes},
      {255, 4, Op::short_binunicode, Op::short_binbytes},
      {256, 4, Op::binunicode, Op::binbytes},
      {0xffffffff, 3, Op::binunicode, Op::binbytes},
      {0xffffffff, 5, Op::binunicode, Op::binbytes},
      {0x100000000, 4, Op::binunicode8, Op::binbytes8},
  };
  for (const auto& [bytes, protocol, text, raw] : vectors) {
    const auto text_found = text_form(bytes, protocol);
    const auto raw_found = bytes_form(bytes, protocol);
    BOOST_TEST((text_found && text_found->op == text), bytes);
    BOOST_TEST((raw_found && raw_found->op == raw), bytes);
    BOOST_TEST(text_found->width == opcodes[static_cast<std::uint8_t>(text)].width);
    BOOST_TEST(raw_found->width == opcodes[static_cast<std::uint8_t>(raw)].width);
  }
  for (const int protocol : {2, 3}) BOOST_TEST(!text_form(0x100000000, protocol));
  BOOST_TEST(!bytes_form(0x100000000, 3));
}

BOOST_AUTO_TEST_CASE(integers_take_as_few_bytes_as_hold_them) {
  const std::pair<std::int64_t, Stream> small[] = {
      {0, Stream().op(Op::binint1, 0, 1)},
      {255, Stream().op(Op::binint1, 255, 1)},
      {256, Stream().op(Op::binint2, 256, 2)},
      {65535, Stream().op(Op::binint2, 65535, 2)},
      {65536, Stream().op(Op::binint, 65536, 4)},
      {-1, Stream().op(Op::binint, 0xffffffff, 4)},
      {-2147483648, Stream().op(Op::binint, 0x80000000, 4)},
  };
  for (const auto& [number, stream] : small) {
    BOOST_TEST((written([&, n = number](FrameWriter& out) { write_small_integer(out, n); }) ==
                stream.str()),
               number);
  }
  const std::pair<std::string, std::string> large[] = {
      {"", ""},
      {std::string(3, '\0'), ""},
      {"\x01" + std::string(2, '\0'), "\x01"},
      {"\x80" + std::string(2, '\0'), std::string("\x80\0", 2)},
      {"\xff\xff\xff", "\xff"},
      {"\x7f\xff\xff", "\x7f\xff"},
      {std::string(255, '\x01'), std::string(255, '\x01')},
  };
  for (const auto& [bytes, shortest] : large) {
    const auto write = [&, &b = bytes](FrameWriter& out) { write_large_integer(out, bytes_of(b)); };
    BOOST_TEST((written(write) == Stream().op(Op::long1, shortest, 1).str()));
  }
  const std::string longest(256, '\x01');
  BOOST_TEST((written([&](FrameWriter& out) { write_large_integer(out, bytes_of(longest)); }) ==
              Stream().op(Op::long4, longest, 4).str()));
}

BOOST_AUTO_TEST_CASE(reals_are_written_from_their_highest_byte_on) {
  const std::pair<double, std::string> vectors[] = {
      {1.0, std::string("\x3f\xf0\0\0\0\0\0\0", 8)},
      {-0.0, std::string("\x80\0\0\0\0\0\0\0", 8)},
      {std::numeric_limits<double>::infinity(), std::string("\x7f\xf0\0\0\0\0\0\0", 8)},
  };
  for (const auto& [number, bytes] : vectors) {
    BOOST_TEST((written([&, n = number](FrameWriter& out) { write_real(out, n); }) == "G" + bytes),
               number);
  }
}

BOOST_AUTO_TEST_CASE(places_of_the_memo_and_ends_of_tuples_have_short_forms) {
  BOOST_TEST((written([](FrameWriter& out) { write_put(out, 255); }) == "q\xff"));
  BOOST_TEST((written([](FrameWriter& out) { write_get(out, 255); }) == "h\xff"));
  BOOST_TEST((written([](FrameWriter& out) { write_put(out, 256); }) ==
              Stream().op(Op::long_binput, 256, 4).str()));
  BOOST_TEST((written([](FrameWriter& out) { write_get(out, 0xffffffff); }) ==
              Stream().op(Op::long_binget, 0xffffffff, 4).str()));
  const Op ends[] = {Op::empty_tuple, Op::tuple1, Op::tuple2, Op::tuple3, Op::tuple, Op::tuple};
  for (std::size_t count = 0; count < std::size(ends); ++count) {
    BOOST_TEST((written([&](FrameWriter& out) { write_tuple_end(out, count); }) ==
                Stream().op(ends[count]).str()),
               count);
  }
}

BOOST_AUTO_TEST_CASE(a_name_is_the_one_that_readers_of_the_protocol_look_up) {
  const struct {
    Symbol symbol;
    int from;
    int to;
    std::string_view name;
  } vectors[] = {
      {{"m", "C"}, 2, 5, "m:C"},
      {{"__builtin__", "set"}, 2, 3, "builtins:set"},
      {{"__builtin__", "set"}, 0, 2, "__builtin__:set"},
      {{"__builtin__", "set"}, 3, 4, "__builtin__:set"},
      {{"builtins", "range"}, 4, 2, "__builtin__:xrange"},
      {{"m", "A.B"}, 4, 5, "m:A.B"},
      {{"m", "A.B"}, 2, 3, "m:A.B"},
      {{"m", "A.B.C"}, 5, 3, "m:A|B|C"},
      {{"collections", "UserDict.copy"}, 4, 2, "UserDict:IterableUserDict|copy"},
  };
  for (const auto& [symbol, from, to, name] : vectors) {
    BOOST_TEST(joined(protocol_name(symbol, from, to)) == name);
  }
  const Symbol refused[] = {{"m", "A."}, {"m", ".A"}, {"m", "."}, {"m", "A..B"}};
  for (const Symbol& symbol : refused) {
    expect_error(Errc::unsupported, "a part of the name is empty",
                 [&] { protocol_name(symbol, 4, 3); });
  }
  expect_error(Errc::unsupported, "its readers take the dot", [] {
    protocol_name({"m", "A.B"}, 3, 4);
  });
  expect_error(Errc::unsupported, "its readers take the name for one of Python 2", [] {
    protocol_name({"StringIO", "Mine"}, 4, 2);
  });
}

BOOST_AUTO_TEST_SUITE_END()
