// Which pickles are converted, which are not, and how that is checked.
#include "transcode_support.hpp"

using namespace brine;
using namespace brine::test;

BOOST_AUTO_TEST_SUITE(transcode)

BOOST_AUTO_TEST_CASE(a_pickle_in_its_own_protocol_stays_as_it_is) {
  const Stream vectors[] = {
      proto(2).global("m", "C").put(7).stop(),
      proto(4).text("not framed").stop(),
      proto(4).mark().op(Op::tuple).op(Op::pop).op(Op::int_).raw("5\n").stop(),
      proto(5).frame(Stream().op(Op::bytearray8, "ab", 8).memo().stop()),
  };
  for (const Stream& stream : vectors) {
    const int protocol = stream.str()[1];
    BOOST_TEST((converted(stream.str(), protocol) == stream.str()));
  }
}

BOOST_AUTO_TEST_CASE(a_pickle_that_only_claims_a_protocol_is_converted) {
  check({
      {"a later opcode", proto(2).text("a").stop(), 2, proto(2).long_text("a").stop()},
      {"two claims", proto(2).proto(3).one().stop(), 2, proto(2).one().stop()},
      {"a late claim", Stream().one().proto(2).stop(), 2, proto(2).one().stop()},
      {"no claim", Stream().one().stop(), 2, proto(2).one().stop()},
  });
}

BOOST_AUTO_TEST_CASE(what_a_protocol_cannot_say_is_refused_with_its_place) {
  const Stream shared_set =
      proto(4).op(Op::empty_set).memo().mark().get(0).op(Op::tuple1).op(Op::additems).stop();
  const struct {
    Stream from;
    int protocol;
    std::string_view words;
  } vectors[] = {
      {proto(5).op(Op::next_buffer).stop(), 4, "at byte 2 of the payload: a buffer that stands"},
      {shared_set, 3, "the set that begins at byte 2 holds itself"},
      {proto(4).op(Op::empty_set).dup().mark().one().op(Op::additems).stop(), 2, "holds itself"},
      {proto(4)
           .symbol("m", "C")
           .dup()
           .op(Op::empty_tuple)
           .op(Op::empty_dict)
           .op(Op::newobj_ex)
           .stop(),
       3, "a copy on the stack"},
      {proto(2).global("m", "A.B").stop(), 4, "m:A.B has no form in protocol 4"},
      {proto(2).global("m", "a b").stop(), 4, "m:a b has no form in protocol 4"},
      {proto(4).inst("m", "A.B").stop(), 3, "INST with the dotted name A.B"},
      {proto(4).symbol("m", "A..B").stop(), 3, "a part of the name is empty"},
      {proto(5).op(Op::short_binbytes, "x", 1).op(Op::readonly_buffer).stop(), 4,
       "at byte 5 of the payload: a buffer that is made read-only has no form in protocol 4"},
      {proto(4).symbol("commands", "C").stop(), 2, "commands:C has no form in protocol 2"},
  };
  for (const auto& [from, protocol, words] : vectors) {
    expect_error(Errc::unsupported, words, [&, &f = from, p = protocol] { converted(f.str(), p); });
  }
}

BOOST_AUTO_TEST_CASE(what_is_no_pickle_is_corrupt_and_too_much_is_a_limit) {
  expect_error(Errc::corrupt, "it is empty", [] { converted("", 4); });
  expect_error(Errc::corrupt, "ends before its STOP", [] { converted("\x80\x02N", 4); });
  expect_error(Errc::corrupt, "at byte 1 of the payload: byte 0xff is no opcode",
               [] { converted("N\xff", 4); });
  expect_error(Errc::limit, "max_opcodes", [] { converted("NNN.", 4, {.max_opcodes = 2}); });
  expect_error(Errc::limit, "in protocol 2: max_opcodes",
               [] { converted("C\1a.", 2, {.max_opcodes = 3}); });
  const std::string sets = proto(4).op(Op::empty_set).op(Op::empty_set).op(Op::tuple2).stop().str();
  expect_error(Errc::limit, "max_nodes: more than 1 places",
               [&] { converted(sets, 3, {.max_nodes = 1}); });
}

BOOST_AUTO_TEST_CASE(over_the_limit_of_notes_the_long_forms_stay) {
  const Stream stream = Stream().mark().op(Op::tuple).mark().op(Op::tuple).op(Op::tuple2).stop();
  BOOST_TEST((converted(stream.str(), 2, {.max_nodes = 1}) ==
              proto(2).op(Op::empty_tuple).mark().op(Op::tuple).op(Op::tuple2).stop().str()));
  const std::string named =
      proto(4).text("data").text("m").memo().text("C").stack_global().op(Op::tuple2).stop().str();
  BOOST_TEST((converted(named, 3, {.max_nodes = 2}) == proto(3)
                                                           .long_text("data")
                                                           .long_text("m")
                                                           .put(0)
                                                           .long_text("C")
                                                           .op(Op::pop)
                                                           .op(Op::pop)
                                                           .global("m", "C")
                                                           .op(Op::tuple2)
                                                           .stop()
                                                           .str()));
}

BOOST_AUTO_TEST_CASE(large_content_is_copied_from_where_it_is) {
  const std::string large(300'000, '\x80');
  const Stream from = proto(3).op(Op::binbytes, large, 4).stop();
  BOOST_TEST((converted(from.str(), 5) == proto(5).op(Op::binbytes, large, 4).raw(".").str()));
  std::string utf8;
  for (std::size_t i = 0; i < large.size(); ++i) utf8 += "\xc2\x80";
  BOOST_TEST(
      (converted(from.str(), 2) ==
       call(proto(2).global("_codecs", "encode").put(0).long_text(utf8).long_text("latin1").put(1),
            Op::tuple2)
           .stop()
           .str()));
}

BOOST_AUTO_TEST_CASE(a_pickle_behind_another_is_read_from_its_offset) {
  const std::string two = proto(2).one().stop().str() + proto(2).global("m", "C").stop().str();
  const io::MemoryFile payload(bytes_of(two));
  Transcoder transcoder(payload, 5, 3, {});
  BOOST_TEST(transcoder.end() == two.size());
  BOOST_TEST(transcoder.protocol() == 2);
  BOOST_TEST(transcoder.opcodes() == 3U);
  BOOST_TEST(transcoder.symbols().size() == 1U);
  Text out;
  out.text = "front";
  transcoder.write(out);
  BOOST_TEST((out.text == "front" + proto(3).global("m", "C").stop().str()));
  BOOST_TEST(transcoder.check(io::MemoryFile(bytes_of(out.text)), 5) == out.text.size());
}

BOOST_AUTO_TEST_CASE(a_result_with_other_symbols_is_a_bug) {
  const std::string pickle = proto(2).global("m", "C").stop().str();
  const io::MemoryFile payload(bytes_of(pickle));
  Transcoder transcoder(payload, 0, 3, {});
  Text out;
  transcoder.write(out);
  for (const Stream& other : {proto(3).global("m", "D").stop(), proto(3).one().stop(),
                              proto(3).global("m", "C").global("m", "C").op(Op::tuple2).stop()}) {
    const io::MemoryFile wrong(other.bytes());
    expect_error(Errc::internal, "the symbols came out as", [&] { transcoder.check(wrong, 0); });
  }
  const io::MemoryFile cut(bytes_of(out.text).first(out.text.size() - 1));
  expect_error(Errc::internal, "no whole pickle", [&] { transcoder.check(cut, 0); });
}

BOOST_AUTO_TEST_CASE(a_payload_that_changes_while_it_is_read_is_no_crash) {
  struct Changing final : RandomSource {
    std::string text;
    std::uint64_t size() const override { return text.size(); }
    void read_at(std::uint64_t offset, ByteSpan buffer) const override {
      const auto part = bytes_of(text).subspan(offset, buffer.size());
      std::copy(part.begin(), part.end(), buffer.begin());
    }
  } payload;
  for (const std::string_view after : {"N0cm\nD\n.", "]0cm\nC\nN", "gx\ncm\nC.",
                                       "]0\xff"
                                       "abcde"}) {
    payload.text = "]0cm\nC\n.";
    Transcoder transcoder(payload, 0, 4, {});
    payload.text = after.size() == payload.text.size() ? after : "]0cm\nCN.";
    Text out;
    try {
      transcoder.write(out);
      transcoder.check(io::MemoryFile(bytes_of(out.text)), 0);
    } catch (const Error& error) {
      BOOST_TEST((error.code() == Errc::environment || error.code() == Errc::internal));
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
