// What each opcode becomes in another protocol. test_convert.py compares what Python loads.
#include "transcode_support.hpp"

using namespace brine;
using namespace brine::test;

BOOST_AUTO_TEST_SUITE(transcode_forms)

BOOST_AUTO_TEST_CASE(texts_and_bytes_take_the_form_of_the_protocol) {
  const std::string longer(300, 'x');
  const Stream latin1 = Stream()
                            .global("_codecs", "encode")
                            .put(0)
                            .long_text(
                                "\xc3\xbf"
                                "a");
  check({
      {"text down", proto(4).text("ab").stop(), 3, proto(3).long_text("ab").stop()},
      {"text up", proto(2).long_text("ab").stop(), 4, framed(4, Stream().text("ab"))},
      {"long text up", proto(2).long_text(longer).stop(), 4, framed(4, Stream().long_text(longer))},
      {"bytes", proto(4).op(Op::binbytes8, "ab", 8).stop(), 3,
       proto(3).op(Op::short_binbytes, "ab", 1).stop()},
      {"bytes as text",
       proto(3)
           .op(Op::short_binbytes,
               "\xff"
               "a",
               1)
           .stop(),
       2, call(proto(2).raw(latin1.str()).long_text("latin1").put(1), Op::tuple2).stop()},
      {"no bytes", proto(3).op(Op::short_binbytes, "", 1).stop(), 2,
       call(proto(2).global("__builtin__", "bytes").put(0), Op::empty_tuple).stop()},
      {"bytearray", proto(5).op(Op::bytearray8, "ab", 8).put(3).stop(), 3,
       call(proto(3).global("builtins", "bytearray").put(4).op(Op::short_binbytes, "ab", 1),
            Op::tuple1)
           .put(3)
           .stop()},
      {"bytearray in 4", proto(5).op(Op::bytearray8, "", 8).memo().stop(), 4,
       framed(4, call(Stream().text("builtins").text("bytearray").stack_global(), Op::empty_tuple)
                     .memo())},
      {"strings of Python 2", proto(2).op(Op::short_binstring, "\xff", 1).stop(), 5,
       framed(5, Stream().op(Op::short_binstring, "\xff", 1))},
  });
}

BOOST_AUTO_TEST_CASE(what_is_spelled_out_becomes_binary) {
  check({
      {"true", Stream().line(Op::int_, "01").stop(), 2, proto(2).op(Op::newtrue).stop()},
      {"false", Stream().line(Op::int_, "00").stop(), 2, proto(2).op(Op::newfalse).stop()},
      {"small", Stream().line(Op::int_, "5").stop(), 2, proto(2).op(Op::binint1, 5, 1).stop()},
      {"two bytes", Stream().line(Op::int_, "256").stop(), 2,
       proto(2).op(Op::binint2, 256, 2).stop()},
      {"negative", Stream().line(Op::int_, "-1").stop(), 2,
       proto(2).op(Op::binint, 0xffffffff, 4).stop()},
      {"over 32 bits", Stream().line(Op::int_, "4294967296").stop(), 2,
       proto(2).op(Op::long1, std::string(4, '\0') + "\1", 1).stop()},
      {"long", Stream().line(Op::long_, "-256L").stop(), 2,
       proto(2).op(Op::long1, std::string("\0\xff", 2), 1).stop()},
      {"no long", Stream().line(Op::long_, "0L").stop(), 2, proto(2).op(Op::long1, "", 1).stop()},
      {"long minus one", Stream().line(Op::long_, "-1").stop(), 2,
       proto(2).op(Op::long1, "\xff", 1).stop()},
      {"float", Stream().line(Op::float_, "-2.5").stop(), 2,
       proto(2).op(Op::binfloat).raw(std::string("\xc0\x04\0\0\0\0\0\0", 8)).stop()},
      {"text", Stream().line(Op::unicode, "\\u20ac").stop(), 2,
       proto(2).long_text("\xe2\x82\xac").stop()},
      {"memo", Stream().one().line(Op::put, "300").line(Op::get, "300").stop(), 2,
       proto(2).one().op(Op::long_binput, 300, 4).op(Op::long_binget, 300, 4).stop()},
      {"empty",
       Stream().mark().op(Op::list).mark().op(Op::dict).mark().op(Op::tuple).op(Op::tuple3).stop(),
       2, proto(2).op(Op::empty_list).op(Op::empty_dict).op(Op::empty_tuple).op(Op::tuple3).stop()},
      {"pair", Stream().mark().one().one().op(Op::tuple).stop(), 3,
       proto(3).one().one().op(Op::tuple2).stop()},
      {"persistent", Stream().line(Op::persid, "id").stop(), 4,
       framed(4, Stream().line(Op::persid, "id"))},
      {"instance", Stream().inst("Queue", "Queue").stop(), 4,
       framed(4, Stream().inst("queue", "Queue"))},
  });
}

BOOST_AUTO_TEST_CASE(the_memo_keeps_its_numbers) {
  check({
      {"down", proto(4).one().memo().one().memo().stop(), 2,
       proto(2).one().put(0).one().put(1).stop()},
      {"up", proto(2).one().put(0).one().put(1).stop(), 4,
       framed(4, Stream().one().memo().one().memo())},
      {"a hole", proto(2).one().put(1).one().put(2).one().put(0).one().put(3).stop(), 4,
       framed(4, Stream().one().put(1).one().put(2).one().put(0).one().memo())},
      {"MEMOIZE over a value", proto(4).one().put(1).one().memo().get(1).stop(), 3,
       proto(3).one().put(1).one().put(1).get(1).stop()},
      {"an index of 64 bits",
       Stream().one().line(Op::put, "4294967296").line(Op::get, "4294967296").stop(), 2,
       proto(2).one().line(Op::put, "4294967296").line(Op::get, "4294967296").stop()},
  });
}

BOOST_AUTO_TEST_CASE(names_move_between_opcodes_and_texts) {
  check({
      {"down", proto(4).symbol("m", "C").stop(), 2, proto(2).global("m", "C").put(2).stop()},
      {"up", proto(2).global("m", "C").put(0).stop(), 4,
       framed(4, Stream().text("m").text("C").stack_global().memo())},
      {"of Python 2", proto(2).global("__builtin__", "set").stop(), 3,
       proto(3).global("builtins", "set").stop()},
      {"to Python 2", proto(4).symbol("builtins", "range").stop(), 2,
       proto(2).global("__builtin__", "xrange").put(2).stop()},
      {"of Python 2 in texts", proto(2).text("Queue").text("Queue").stack_global().stop(), 4,
       framed(4, Stream()
                     .text("Queue")
                     .text("Queue")
                     .op(Op::pop)
                     .op(Op::pop)
                     .text("queue")
                     .text("Queue")
                     .stack_global())},
      {"a text for two",
       proto(4)
           .text("m")
           .memo()
           .text("C")
           .stack_global()
           .op(Op::pop)
           .get(0)
           .text("D")
           .stack_global()
           .stop(),
       3, proto(3).global("m", "C").op(Op::pop).global("m", "D").stop()},
  });
}

BOOST_AUTO_TEST_CASE(a_text_that_is_data_too_stays) {
  check({
      {"module", proto(4).text("m").memo().text("C").stack_global().op(Op::pop).get(0).stop(), 3,
       proto(3).long_text("m").put(0).op(Op::pop).global("m", "C").op(Op::pop).get(0).stop()},
      {"name", proto(4).text("m").text("C").memo().stack_global().op(Op::pop).get(0).stop(), 3,
       proto(3).long_text("C").put(0).op(Op::pop).global("m", "C").op(Op::pop).get(0).stop()},
      {"fetched", proto(4).text("m").memo().get(0).get(0).stack_global().stop(), 3,
       proto(3)
           .long_text("m")
           .put(0)
           .get(0)
           .get(0)
           .op(Op::pop)
           .op(Op::pop)
           .global("m", "m")
           .stop()},
      {"copied", proto(4).text("m").dup().stack_global().stop(), 3,
       proto(3).long_text("m").dup().op(Op::pop).op(Op::pop).global("m", "m").stop()},
      {"copied for nothing", proto(4).text("m").dup().op(Op::pop).text("C").stack_global().stop(),
       3, proto(3).long_text("m").dup().op(Op::pop).op(Op::pop).global("m", "C").stop()},
      {"memo taken over",
       proto(4)
           .text("m")
           .put(0)
           .one()
           .put(0)
           .op(Op::pop)
           .text("C")
           .stack_global()
           .op(Op::pop)
           .get(0)
           .stop(),
       3, proto(3).one().put(0).op(Op::pop).global("m", "C").op(Op::pop).get(0).stop()},
  });
}

BOOST_AUTO_TEST_CASE(a_dotted_name_becomes_calls_of_getattr) {
  const Stream getattr = Stream().global("builtins", "getattr");
  check({
      {"one dot", proto(4).symbol("m", "A.B").stop(), 3,
       call(proto(3).raw(getattr.str()).put(3).global("m", "A").long_text("B"), Op::tuple2)
           .put(2)
           .stop()},
      {"two dots", proto(4).text("m").text("A.B.C").stack_global().stop(), 3,
       call(call(proto(3).raw(getattr.str()).put(0).get(0).global("m", "A").long_text("B"),
                 Op::tuple2)
                .long_text("C"),
            Op::tuple2)
           .stop()},
      {"in Python 2", proto(4).text("queue").text("Queue.put").stack_global().stop(), 2,
       call(proto(2)
                .global("__builtin__", "getattr")
                .put(0)
                .global("Queue", "Queue")
                .long_text("put"),
            Op::tuple2)
           .stop()},
      {"no way into a class", proto(2).global("m", "A.B").stop(), 3,
       proto(3).global("m", "A.B").stop()},
  });
}

BOOST_AUTO_TEST_CASE(a_set_is_made_of_a_list_when_its_last_item_is_there) {
  const Stream set = Stream().global("builtins", "set");
  check({
      {"empty", proto(4).op(Op::empty_set).memo().stop(), 3,
       call(proto(3).raw(set.str()).put(1).op(Op::empty_list), Op::tuple1).put(0).stop()},
      {"filled twice",
       proto(4)
           .op(Op::empty_set)
           .memo()
           .mark()
           .one()
           .op(Op::additems)
           .mark()
           .op(Op::additems)
           .get(0)
           .stop(),
       3,
       call(proto(3)
                .raw(set.str())
                .put(1)
                .op(Op::empty_list)
                .mark()
                .one()
                .op(Op::appends)
                .mark()
                .op(Op::appends),
            Op::tuple1)
           .put(0)
           .get(0)
           .stop()},
      {"its index taken over",
       proto(4).op(Op::empty_set).put(0).mark().one().put(0).op(Op::additems).get(0).stop(), 3,
       call(proto(3).raw(set.str()).put(1).op(Op::empty_list).mark().one().put(0).op(Op::appends),
            Op::tuple1)
           .get(0)
           .stop()},
      {"one in a tuple in one",
       proto(4)
           .op(Op::empty_set)
           .mark()
           .mark()
           .one()
           .op(Op::frozenset)
           .op(Op::tuple1)
           .op(Op::additems)
           .stop(),
       3,
       call(proto(3)
                .raw(set.str())
                .put(0)
                .op(Op::empty_list)
                .mark()
                .raw(call(Stream().global("builtins", "frozenset").put(1).mark().one().op(Op::list),
                          Op::tuple1)
                         .str())
                .op(Op::tuple1)
                .op(Op::appends),
            Op::tuple1)
           .stop()},
      {"a frozenset that is given up", proto(4).mark().one().op(Op::pop_mark).op(Op::none).stop(),
       3, proto(3).mark().one().op(Op::pop_mark).op(Op::none).stop()},
  });
}

BOOST_AUTO_TEST_CASE(keywords_of_a_class_become_a_call_that_stands_before_it) {
  const Stream from = Stream()
                          .text("m")
                          .text("C")
                          .stack_global()
                          .op(Op::empty_tuple)
                          .op(Op::empty_dict)
                          .op(Op::newobj_ex);
  const Stream helper = Stream().global("copyreg", "__newobj_ex__");
  const Stream to = Stream()
                        .global("m", "C")
                        .op(Op::empty_tuple)
                        .op(Op::empty_dict)
                        .op(Op::tuple3)
                        .op(Op::reduce);
  check({
      {"once", proto(4).raw(from.str()).memo().stop(), 3,
       proto(3).raw(helper.str()).put(1).raw(to.str()).put(0).stop()},
      {"a class that is made so",
       proto(4).raw(from.str()).op(Op::empty_tuple).op(Op::empty_dict).op(Op::newobj_ex).stop(), 2,
       proto(2)
           .global("copy_reg", "__newobj_ex__")
           .put(0)
           .get(0)
           .raw(to.str())
           .op(Op::empty_tuple)
           .op(Op::empty_dict)
           .op(Op::tuple3)
           .op(Op::reduce)
           .stop()},
      {"a class from the memo",
       proto(4)
           .text("m")
           .text("C")
           .stack_global()
           .memo()
           .op(Op::pop)
           .get(0)
           .op(Op::empty_tuple)
           .op(Op::empty_dict)
           .op(Op::newobj_ex)
           .stop(),
       3,
       proto(3)
           .global("m", "C")
           .put(0)
           .op(Op::pop)
           .raw(helper.str())
           .put(1)
           .get(0)
           .op(Op::empty_tuple)
           .op(Op::empty_dict)
           .op(Op::tuple3)
           .op(Op::reduce)
           .stop()},
  });
}

BOOST_AUTO_TEST_SUITE_END()
