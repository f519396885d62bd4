#include "pickle/token.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "support/expect.hpp"
#include "support/opcodes.hpp"

using namespace brine;
using namespace brine::pickle;
using brine::test::Stream;

namespace {

using State = TokenReader::State;

// What a reader said of a stream, as text: two readings are equal or they are not.
struct Reading final : TokenSink {
  std::string log;
  std::string breaches;
  std::function<std::string(const Token&)> also;

  void on_frame_breach(const Token& token, FrameBreach breach) override {
    const char* const name = breach == FrameBreach::nested ? "nested" : "unfinished";
    breaches += fmt::format("{} {}, ", token.offset, name);
  }

  bool on_token(const Token& token) override {
    log += fmt::format("{} {} {}+{} {} {} -> {}\n", token.offset, token.code->name,
                       token.argument_offset, token.argument_bytes, token.held ? "held" : "passed",
                       text_of(token.argument), token.end);
    std::string why = also ? also(token) : std::string{};
    return why.empty() || fail(std::move(why));
  }
};

std::string outcome(const TokenReader& reader) {
  const char* const state = reader.state() == State::stopped ? "stopped"
                            : reader.state() == State::failed ? "failed" : "reading";
  return fmt::format("{} {} {} {}", state, reader.offset(), reader.opcode_count(),
                     reader.reason());
}

struct Read {
  std::string log;
  std::string end;
  std::size_t used = 0;
  friend bool operator==(const Read&, const Read&) = default;
};

// Feeds the pieces that end at `cuts`, and then the rest.
Read read(ByteView bytes, const std::vector<std::size_t>& cuts = {}, const Limits& limits = {}) {
  Reading sink;
  TokenReader reader(sink, 0, limits);
  std::size_t used = 0;
  std::size_t from = 0;
  const auto feed = [&](std::size_t to) {
    if (reader.state() == State::reading) used += reader.feed(bytes.subspan(from, to - from));
    from = to;
  };
  for (const std::size_t cut : cuts) feed(cut);
  feed(bytes.size());
  reader.finish();
  return {sink.log, outcome(reader), used};
}

Read read(const Stream& stream, const Limits& limits = {}) {
  return read(stream.bytes(), {}, limits);
}

// At least one opcode of every way to spell an argument, in frames and out of them.
Stream of_every_kind() {
  Stream framed;
  framed.text("module").memo().text("Name").memo().stack_global().memo().mark().one();
  Stream stream;
  stream.proto(4).frame(framed).line(Op::int_, "12").line(Op::string, "'abc'").put(3).get(3);
  stream.global("a.b", "C").inst("d", "E.F").op(Op::binfloat, 0, 8).op(Op::long1, "\x01\x02", 1);
  stream.op(Op::binbytes8, std::string(300, 'x'), 8).op(Op::long4, "123", 4).op(Op::tuple);
  return stream.stop();
}

std::string repeat(std::string_view text, std::size_t count) {
  std::string all;
  for (std::size_t i = 0; i < count; ++i) all += text;
  return all;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(token)

BOOST_AUTO_TEST_CASE(every_opcode_of_the_table_is_there_once) {
  std::size_t known = 0;
  for (std::size_t byte = 0; byte < opcodes.size(); ++byte) {
    if (opcodes[byte].name.empty()) continue;
    ++known;
    BOOST_TEST(static_cast<std::size_t>(opcodes[byte].op) == byte);
    BOOST_TEST((opcodes[byte].argument == Argument::fixed ||
                opcodes[byte].argument == Argument::counted) == (opcodes[byte].width > 0));
  }
  BOOST_TEST(known == 68u);
}

BOOST_AUTO_TEST_CASE(tokens_say_where_they_and_their_arguments_are) {
  const Read all = read(Stream().proto(4).text("ab").line(Op::int_, "7").global("m", "n").stop());
  BOOST_TEST(all.log == "0 PROTO 1+1 held \x04 -> 2\n"
                        "2 SHORT_BINUNICODE 4+2 held ab -> 6\n"
                        "6 INT 7+1 held 7 -> 9\n"
                        "9 GLOBAL 10+3 held m\nn -> 14\n"
                        "14 STOP 15+0 held  -> 15\n");
  BOOST_TEST(all.end == "stopped 15 5 ");
}

BOOST_AUTO_TEST_CASE(every_split_gives_the_same_tokens) {
  const Stream stream = of_every_kind();
  const Read whole = read(stream);
  BOOST_TEST(whole.end.starts_with("stopped"), whole.end);
  std::vector<std::size_t> every_byte;
  for (std::size_t cut = 1; cut < stream.size(); ++cut) {
    BOOST_TEST((read(stream.bytes(), {cut}) == whole), "cut at " << cut);
    every_byte.push_back(cut);
  }
  BOOST_TEST((read(stream.bytes(), every_byte) == whole));
}

BOOST_AUTO_TEST_CASE(every_truncation_is_told_however_it_is_split) {
  const Stream stream = of_every_kind();
  for (std::size_t size = 1; size < stream.size(); ++size) {
    const ByteView front = stream.bytes().first(size);
    const Read whole = read(front);
    BOOST_TEST(whole.end.ends_with("it ends before its STOP"), size << ": " << whole.end);
    for (std::size_t cut = 1; cut < size; cut += 7) {
      BOOST_TEST((read(front, {cut}) == whole), size << " cut at " << cut);
    }
  }
  BOOST_TEST(read(ByteView{}).end == "failed 0 0 it is empty");
}

BOOST_AUTO_TEST_CASE(bytes_behind_the_stop_are_not_taken) {
  const Stream stream = Stream().op(Op::none).stop().raw("\nrest");
  for (const std::vector<std::size_t>& cuts : {std::vector<std::size_t>{}, {1}, {2}, {3}}) {
    BOOST_TEST(read(stream.bytes(), cuts).used == 2u);
    BOOST_TEST(read(stream.bytes(), cuts).end == "stopped 2 2 ");
  }
}

BOOST_AUTO_TEST_CASE(offsets_begin_at_the_base) {
  Reading sink;
  TokenReader reader(sink, 1000, {});
  reader.feed(Stream().op(Op::none).stop().bytes());
  BOOST_TEST(sink.log == "1000 NONE 1001+0 held  -> 1001\n1001 STOP 1002+0 held  -> 1002\n");
  BOOST_TEST(reader.offset() == 1002u);
}

BOOST_AUTO_TEST_CASE(a_large_buffer_is_told_before_it_comes_and_never_held) {
  const Stream head = Stream().proto(5).op(Op::binbytes8, held_bytes + 1, 8);
  Reading sink;
  TokenReader reader(sink, 0, {});
  BOOST_TEST(reader.feed(head.bytes()) == head.size());
  BOOST_TEST(sink.log == "0 PROTO 1+1 held \x05 -> 2\n2 BINBYTES8 11+65537 passed  -> 65548\n");
  const Stream tail = Stream().raw(std::string(held_bytes + 1, '.')).stop();
  BOOST_TEST(reader.feed(tail.bytes()) == tail.size());
  BOOST_TEST(outcome(reader) == "stopped 65549 3 ");
}

BOOST_AUTO_TEST_CASE(a_buffer_of_just_the_held_size_is_handed_over) {
  const Read all = read(Stream().op(Op::binbytes, std::string(held_bytes, 'x'), 4).stop());
  BOOST_TEST(all.log.find("0 BINBYTES 5+65536 held xxx") == 0u);
}

BOOST_AUTO_TEST_CASE(a_truncated_large_buffer_ends_where_the_payload_ends) {
  const Stream stream = Stream().op(Op::binbytes, 1 << 20, 4).raw("only this");
  BOOST_TEST(read(stream).end == "failed 14 1 it ends before its STOP");
}

BOOST_AUTO_TEST_CASE(the_listener_may_let_bytes_pass) {
  const Stream stream = Stream().op(Op::none).raw("....").one().stop();
  for (std::size_t cut = 1; cut < stream.size(); ++cut) {
    Reading sink;
    TokenReader reader(sink, 0, {});
    sink.also = [&](const Token& token) {
      if (token.code->op == Op::none) reader.skip(4);
      return std::string{};
    };
    const std::size_t used = reader.feed(stream.bytes().first(cut));
    reader.feed(stream.bytes().subspan(used));
    BOOST_TEST(outcome(reader) == "stopped 8 3 ");
    BOOST_TEST(sink.log.find("5 BININT1 6+1") != std::string::npos);
  }
}

BOOST_AUTO_TEST_CASE(a_listener_that_lets_an_absurd_number_of_bytes_pass_is_stopped) {
  Reading sink;
  TokenReader reader(sink, 0, {});
  sink.also = [&](const Token&) {
    reader.skip(~0ULL);
    return std::string{};
  };
  reader.feed(Stream().one().stop().bytes());
  BOOST_TEST(outcome(reader) ==
             "failed 0 1 BININT1 is followed by the absurd number of 18446744073709551615 bytes");
}

BOOST_AUTO_TEST_CASE(the_listener_ends_the_reading) {
  Reading sink;
  sink.also = [](const Token& token) { return token.offset == 2 ? "enough" : ""; };
  TokenReader reader(sink, 0, {});
  reader.feed(Stream().one().one().stop().bytes());
  BOOST_TEST(outcome(reader) == "failed 2 2 enough");
}

struct Malformed {
  const char* name;
  Stream stream;
  const char* end;
};

BOOST_AUTO_TEST_CASE(malformed_streams_are_told_where_and_why) {
  const std::string held(8, '\x01');
  const Malformed cases[] = {
      {"no opcode", Stream().one().raw("\xff"), "failed 2 1 byte 0xff is no opcode"},
      {"negative BINSTRING", Stream().op(Op::binstring, 0x80000000, 4),
       "failed 0 0 BINSTRING has a negative length"},
      {"negative LONG4", Stream().op(Op::long4, 0xffffffff, 4),
       "failed 0 0 LONG4 has a negative length"},
      {"length over Py_ssize_t", Stream().op(Op::binbytes8, 1ULL << 63, 8),
       "failed 0 0 BINBYTES8 has the absurd length 9223372036854775808"},
      {"length that wraps with its offset", Stream().one().op(Op::bytearray8, ~0ULL >> 1, 8),
       "failed 2 1 BYTEARRAY8 has the absurd length 9223372036854775807"},
      {"frame over Py_ssize_t", Stream().frame(~0ULL),
       "failed 0 1 FRAME has the absurd length 18446744073709551615"},
      {"a huge buffer in a frame", Stream().frame(20).op(Op::binunicode8, 1ULL << 40, 8),
       "failed 9 2 BINUNICODE8 reaches over the end of its frame"},
      {"argument over the frame's end", Stream().frame(1).one(),
       "failed 9 2 BININT1 reaches over the end of its frame"},
      {"a frame over the end of its frame", Stream().frame(20).one().frame(10),
       "failed 11 3 a frame begins inside another and reaches over its end"},
      {"a frame that ends behind the payload", Stream().frame(5).op(Op::none).stop().one(),
       "failed 13 3 it ends before the end of its frame"},
  };
  for (const Malformed& bad : cases) {
    const Read whole = read(bad.stream);
    BOOST_TEST(whole.end == bad.end, bad.name << ": " << whole.end);
    for (std::size_t cut = 1; cut < bad.stream.size(); ++cut) {
      const Read split = read(bad.stream.bytes(), {cut});
      BOOST_TEST(split.end == bad.end, bad.name << " cut at " << cut << ": " << split.end);
    }
  }
}

BOOST_AUTO_TEST_CASE(what_not_every_reader_takes_of_frames_is_told_however_it_is_split) {
  struct Case {
    Stream stream;
    const char* breaches;
    std::uint64_t end;
  };
  const Case cases[] = {
      {Stream().frame(Stream().frame(Stream().one()).stop()), "9 nested, ", 21},
      {Stream().frame(Stream().one().frame(0)).frame(2).one().stop(), "11 nested, ", 32},
      {Stream().frame(Stream().frame(2)).one().stop(), "9 nested, ", 21},
      {Stream().frame(4).op(Op::none).stop().one(), "10 unfinished, ", 13},
      {Stream().frame(4).op(Op::none).stop().one().stop(), "10 unfinished, ", 13},
  };
  for (const Case& each : cases) {
    for (std::size_t cut = 0; cut < each.stream.size(); ++cut) {
      Reading sink;
      TokenReader reader(sink, 0, {});
      const std::size_t used = reader.feed(each.stream.bytes().first(cut));
      reader.feed(each.stream.bytes().subspan(used));
      reader.finish();
      BOOST_TEST(sink.breaches == each.breaches);
      BOOST_TEST((reader.state() == State::stopped), reader.reason());
      BOOST_TEST(reader.offset() == each.end);
    }
  }
}

BOOST_AUTO_TEST_CASE(frames_can_be_ignored) {
  for (const Stream& stream : {Stream().frame(~0ULL).stop(), Stream().frame(1).one().stop(),
                               Stream().frame(20).one().frame(2).stop().one()}) {
    Reading sink;
    TokenReader reader(sink, 0, {});
    reader.ignore_frames();
    reader.feed(stream.bytes());
    BOOST_TEST(outcome(reader).starts_with("stopped"));
  }
}

BOOST_AUTO_TEST_CASE(frames_may_be_empty_and_follow_one_another) {
  const Stream stream =
      Stream().frame(0).frame(Stream().one()).frame(Stream().one().op(Op::tuple2)).stop();
  BOOST_TEST(read(stream).end == fmt::format("stopped {} 7 ", stream.size()));
}

BOOST_AUTO_TEST_CASE(a_stream_of_too_many_opcodes_is_given_up_on) {
  const Stream stream = Stream().raw(repeat("N", 5)).stop();
  BOOST_TEST(read(stream, {.max_opcodes = 6}).end == "stopped 6 6 ");
  BOOST_TEST(read(stream, {.max_opcodes = 5}).end ==
             "failed 5 6 max_opcodes: more than 5 opcodes");
}

BOOST_AUTO_TEST_CASE(a_line_of_the_limit_passes_and_a_longer_one_not_however_it_is_split) {
  const Limits limits{.max_line_bytes = 8};
  const Stream fits = Stream().line(Op::long_, "1234567L").stop();
  const Stream over = Stream().line(Op::long_, "12345678L").stop();
  for (std::size_t cut = 1; cut < fits.size(); ++cut) {
    BOOST_TEST(read(fits.bytes(), {cut}, limits).end == "stopped 11 2 ");
    BOOST_TEST(read(over.bytes(), {cut}, limits).end ==
               "failed 0 0 max_line_bytes: the line of LONG is over 8");
  }
  BOOST_TEST(read(Stream().raw("I" + std::string(9, '1')), limits).end ==
             "failed 0 0 max_line_bytes: the line of INT is over 8");
}

BOOST_AUTO_TEST_CASE(a_long_line_is_read_from_small_pieces_without_copying_it_each_time) {
  const Stream stream = Stream().line(Op::long_, std::string(1 << 20, '7')).stop();
  std::vector<std::size_t> cuts;
  for (std::size_t cut = 512; cut < stream.size(); cut += 512) cuts.push_back(cut);
  BOOST_TEST((read(stream.bytes(), cuts) == read(stream)));
}

BOOST_AUTO_TEST_SUITE_END()
