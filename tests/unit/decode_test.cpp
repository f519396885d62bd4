// Pickles read into values.
#include <cmath>
#include <limits>

#include "brine/value.hpp"
#include "support/expect.hpp"
#include "support/opcodes.hpp"

using namespace brine;
using namespace brine::pickle;
using brine::test::expect_error;
using brine::test::Stream;

namespace {

Value read(const Stream& stream, const Limits& limits = {}) {
  return decode(Stream(stream).stop().bytes(), limits);
}

Stream bare(Op op) { return Stream().op(op); }
Stream symbol(std::string_view module, std::string_view name) {
  return Stream().global(module, name);
}
Stream encoded_text(std::string_view utf8, std::string_view codec = "latin1") {
  return symbol("_codecs", "encode").long_text(utf8).text(codec).op(Op::tuple2).op(Op::reduce);
}

// An array of numpy, with parts that a test can spoil.
struct ArrayStream {
  std::string class_name = "ndarray";
  std::string code = "f4";
  std::string order = "<";
  Stream names = bare(Op::none);
  std::uint32_t size = 0xffffffff;
  Stream shape = Stream().op(Op::binint1, 2, 1).op(Op::tuple1);
  Stream is_fortran = bare(Op::newfalse);
  Stream data = Stream().op(Op::short_binbytes, std::string_view("\0\0\x80\x3f\0\0\0\x40", 8), 1);

  Stream dtype() const {
    return symbol("numpy", "dtype")
        .text(code)
        .op(Op::newfalse)
        .op(Op::newtrue)
        .op(Op::tuple3)
        .op(Op::reduce)
        .mark()
        .op(Op::binint1, 3, 1)
        .text(order)
        .op(Op::none)
        .raw(names.str())
        .op(Op::none)
        .op(Op::binint, size, 4)
        .op(Op::binint, 0xffffffff, 4)
        .op(Op::binint1, 0, 1)
        .op(Op::tuple)
        .op(Op::build);
  }
  Stream rebuilt() const {
    return symbol("numpy.core.multiarray", "_reconstruct")
        .global("numpy", class_name)
        .op(Op::binint1, 0, 1)
        .op(Op::tuple1)
        .op(Op::short_binbytes, "b", 1)
        .op(Op::tuple3)
        .op(Op::reduce)
        .mark()
        .one()
        .raw(shape.str())
        .raw(dtype().str())
        .raw(is_fortran.str())
        .raw(data.str())
        .op(Op::tuple)
        .op(Op::build);
  }
  Stream from_buffer(std::string_view by) const {
    return symbol("numpy.core.numeric", "_frombuffer")
        .mark()
        .raw(data.str())
        .raw(dtype().str())
        .raw(shape.str())
        .text(by)
        .op(Op::tuple)
        .op(Op::reduce);
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(decode_)

BOOST_AUTO_TEST_CASE(every_opcode_of_a_leaf_is_a_value) {
  struct Vector {
    Stream stream;
    Value expected;
  };
  const std::array<std::byte, 9> huge{{{}, {}, {}, {}, {}, {}, {}, {}, std::byte{1}}};
  const Vector vectors[] = {
      {bare(Op::none), Value()},
      {bare(Op::newtrue), true},
      {bare(Op::newfalse), false},
      {Stream().line(Op::int_, "01"), true},
      {Stream().line(Op::int_, "00"), false},
      {Stream().line(Op::int_, "-7"), -7},
      {Stream().line(Op::long_, "18446744073709551616L"), Value::integer(huge)},
      {Stream().op(Op::long1, text_of(huge), 1), Value::integer(huge)},
      {Stream().op(Op::binint, 0xffffffff, 4), -1},
      {Stream().op(Op::binfloat).raw(std::string_view("\x3f\xe0\0\0\0\0\0\0", 8)), 0.5},
      {Stream().line(Op::float_, "-2.5"), -2.5},
      {Stream().line(Op::float_, "inf"), std::numeric_limits<double>::infinity()},
      {Stream().text("t"), "t"},
      {Stream().long_text(std::string(5000, 'x')), std::string(5000, 'x')},
      {Stream().long_text(std::string(70000, 'x')), std::string(70000, 'x')},
      {Stream().line(Op::unicode, "a\\u20ac"), "a\xe2\x82\xac"},
      {Stream().line(Op::string, "'a\\x41'"), "aA"},
      {Stream().op(Op::short_binstring, "plain", 1), "plain"},
      {Stream().op(Op::short_binstring, "\xe9", 1), Value::bytes(bytes_of("\xe9"))},
      {Stream().op(Op::short_binbytes, "\xff", 1), Value::bytes(bytes_of("\xff"))},
      {Stream().op(Op::bytearray8, "ab", 8), Value::byte_array(bytes_of("ab"))},
      {encoded_text("\xc3\xa9x"), Value::bytes(bytes_of("\xe9x"))},
      {symbol("__builtin__", "bytes").op(Op::empty_tuple).op(Op::reduce), Value::bytes({})},
      {symbol("builtins", "bytearray").op(Op::short_binbytes, "x", 1).op(Op::tuple1).op(Op::reduce),
       Value::byte_array(bytes_of("x"))},
      {symbol("builtins", "bytearray").op(Op::empty_tuple).op(Op::reduce), Value::byte_array({})},
      {symbol("m", "C"), Value::symbol("m", "C")},
  };
  for (const auto& [stream, expected] : vectors) {
    const Value found = read(stream);
    BOOST_TEST((found == expected), to_string(found.kind())
                                        << " at " << &stream - &vectors[0].stream);
  }
  BOOST_TEST(std::isnan(read(Stream().line(Op::float_, "nan")).real()));
}

BOOST_AUTO_TEST_CASE(containers_and_sets_of_every_protocol_are_values) {
  const Stream list = Stream().mark().one().op(Op::none).op(Op::list);
  const auto made = [&](std::string_view name) {
    return symbol("__builtin__", name).raw(list.str()).op(Op::tuple1).op(Op::reduce);
  };
  BOOST_TEST((read(list) == Value::list({1, Value()})));
  BOOST_TEST((read(made("set")) == Value::set({1, Value()})));
  BOOST_TEST((read(made("frozenset")) == Value::frozen_set({1, Value()})));
  BOOST_TEST((read(Stream().mark().one().op(Op::frozenset)) == Value::frozen_set({1})));
  BOOST_TEST((read(Stream().mark().text("k").one().op(Op::dict)) == Value::dict({{"k", 1}})));
  BOOST_TEST((read(bare(Op::empty_set).mark().one().op(Op::additems)) == Value::set({1})));
  BOOST_TEST((read(bare(Op::empty_tuple)) == Value::tuple()));
}

BOOST_AUTO_TEST_CASE(calls_are_instances_with_all_that_belongs_to_them) {
  const Value name = Value::symbol("m", "C");
  const Value newobj =
      read(symbol("m", "C").one().op(Op::tuple1).op(Op::newobj).op(Op::empty_dict).op(Op::build));
  BOOST_TEST((newobj.form() == Form::new_));
  BOOST_TEST((newobj.callable() == name));
  BOOST_TEST((newobj.arguments() == Value::tuple({1})));
  BOOST_TEST((*newobj.state() == Value::dict()));
  const Value filled = read(symbol("m", "C")
                                .op(Op::empty_tuple)
                                .op(Op::reduce)
                                .one()
                                .op(Op::append)
                                .text("k")
                                .one()
                                .op(Op::setitem));
  BOOST_TEST((filled.form() == Form::call));
  BOOST_TEST(filled.items().size() == 1U);
  BOOST_TEST(filled["k"].integer() == 1);
  BOOST_TEST(filled.state() == nullptr);
  const Value keywords =
      read(symbol("m", "C").op(Op::empty_tuple).op(Op::empty_dict).op(Op::newobj_ex));
  BOOST_TEST((keywords.form() == Form::new_ex));
  BOOST_TEST((read(Stream().inst("m", "C")).form() == Form::new_));
  BOOST_TEST((read(Stream().mark().one().line(Op::inst, "m").raw("C\n")).form() == Form::call));
  BOOST_TEST((read(Stream().mark().global("m", "C").op(Op::obj)).form() == Form::new_));
}

BOOST_AUTO_TEST_CASE(names_of_python_2_are_read_as_python_3_reads_them) {
  const Stream stream = symbol("copy_reg", "_reconstructor");
  BOOST_TEST((read(stream) == Value::symbol("copyreg", "_reconstructor")));
  BOOST_TEST(
      (read(Stream().proto(2).raw(stream.str())) == Value::symbol("copyreg", "_reconstructor")));
  BOOST_TEST(
      (read(Stream().proto(3).raw(stream.str())) == Value::symbol("copy_reg", "_reconstructor")));
}

BOOST_AUTO_TEST_CASE(what_is_shared_is_one_object_and_rings_are_rings) {
  const Value shared = read(
      bare(Op::empty_list).memo().text("t").memo().get(0).get(1).op(Op::tuple2).op(Op::tuple3));
  const auto items = shared.items();
  BOOST_TEST(items[0].same_object(items[2].items()[0]));
  BOOST_TEST(items[1].same_object(items[2].items()[1]));
  const Value ring = read(bare(Op::empty_list).memo().dup().op(Op::append));
  BOOST_TEST(ring.items()[0].same_object(ring));
  const Value dict = read(bare(Op::empty_dict).memo().text("me").get(0).op(Op::setitem));
  BOOST_TEST(dict["me"]["me"].value().same_object(dict));
  const Value object = read(symbol("m", "C")
                                .op(Op::empty_tuple)
                                .op(Op::newobj)
                                .memo()
                                .op(Op::empty_dict)
                                .text("me")
                                .get(0)
                                .op(Op::setitem)
                                .op(Op::build));
  BOOST_TEST(object["me"]->same_object(object));
  // A tuple in a list in that tuple, as CPython writes it.
  const Value tuple = read(
      bare(Op::empty_list).memo().get(0).op(Op::tuple1).memo().op(Op::append).op(Op::pop).get(1));
  BOOST_TEST(tuple[0][0]->same_object(tuple));
}

BOOST_AUTO_TEST_CASE(arrays_of_both_forms_are_arrays) {
  ArrayStream array;
  for (const Stream& stream : {array.rebuilt(), array.from_buffer("C")}) {
    const Value value = read(stream);
    BOOST_REQUIRE(value.is(Kind::array));
    BOOST_TEST(value.array<float>()[0] == 1);
    BOOST_TEST(value.array<float>()[1] == 2);
    BOOST_TEST((value.array_view().order == Order::rows));
  }
  BOOST_TEST((read(array.from_buffer("F")).array_view().order == Order::columns));
  array.is_fortran = bare(Op::newtrue);
  BOOST_TEST((read(array.rebuilt()).array_view().order == Order::columns));
  array.is_fortran = Stream().line(Op::int_, "01");
  array.order = "=";
  array.data = encoded_text(std::string_view("\0\0\xc2\x80\x3f\0\0\0\x40", 9));
  BOOST_TEST(read(array.rebuilt()).array<float>()[0] == 1);
  array.data = Stream().line(Op::string, "'\\x00\\x00\\x80?\\x00\\x00\\x00@'");
  BOOST_TEST(read(array.rebuilt()).array<float>()[1] == 2);
  array.data = Stream().op(Op::binbytes, std::string(400'000, '\1'), 4);
  array.shape = Stream().op(Op::binint, 100'000, 4).op(Op::tuple1);
  BOOST_TEST(read(array.rebuilt()).array<float>().size() == 100'000U);
}

BOOST_AUTO_TEST_CASE(arrays_that_share_a_buffer_share_it) {
  ArrayStream array;
  array.data = Stream().get(7);
  const Stream stream = Stream()
                            .op(Op::short_binbytes, "12345678", 1)
                            .put(7)
                            .raw(array.rebuilt().str())
                            .raw(array.rebuilt().str())
                            .op(Op::tuple3);
  const Value value = read(stream);
  BOOST_TEST(value[1].array<float>().data() == value[2].array<float>().data());
}

BOOST_AUTO_TEST_CASE(what_is_no_plain_array_stays_the_call_that_it_is) {
  const std::pair<std::string_view, void (*)(ArrayStream&)> vectors[] = {
      {"a subclass", [](ArrayStream& a) { a.class_name = "matrix"; }},
      {"objects", [](ArrayStream& a) { a.code = "O8"; }},
      {"too few bytes", [](ArrayStream& a) { a.data = Stream().op(Op::short_binbytes, "1", 1); }},
      {"named rows", [](ArrayStream& a) { a.names = Stream().text("a").op(Op::tuple1); }},
      {"another size", [](ArrayStream& a) { a.size = 8; }},
      {"no order", [](ArrayStream& a) { a.order = "?"; }},
      {"a text",
       [](ArrayStream& a) {
         a.data = encoded_text(
             "\xe2\x82\xac"
             "1234567");
       }},
  };
  for (const auto& [name, spoil] : vectors) {
    ArrayStream array;
    spoil(array);
    const Value value = read(array.rebuilt());
    BOOST_TEST(value.is(Kind::instance), name);
    BOOST_TEST((decode(encode(value)) == value), name);
  }
  BOOST_TEST(read(ArrayStream().from_buffer("A")).is(Kind::instance));
  BOOST_TEST(read(encoded_text("x", "utf8")).is(Kind::instance));
  BOOST_TEST(
      read(symbol("builtins", "bytearray").one().op(Op::tuple1).op(Op::reduce)).is(Kind::instance));
}

BOOST_AUTO_TEST_CASE(a_short_pickle_cannot_ask_for_many_copies) {
  // Sets and byte arrays made of one and the same object: the first is one, the others stay calls.
  const Stream list = bare(Op::empty_list).put(9).mark().one().one().op(Op::appends);
  const Stream set = symbol("builtins", "set").get(9).op(Op::tuple1).op(Op::reduce);
  const Value sets = read(Stream(list).raw(set.str()).raw(set.str()).op(Op::tuple3));
  BOOST_TEST(sets[1]->is(Kind::set));
  BOOST_TEST(sets[2]->is(Kind::instance));
  const Stream bytes = Stream().op(Op::short_binbytes, "abc", 1).put(9);
  const Stream array = symbol("builtins", "bytearray").get(9).op(Op::tuple1).op(Op::reduce);
  const Value arrays = read(Stream(bytes).raw(array.str()).raw(array.str()).op(Op::tuple3));
  BOOST_TEST(arrays[1]->is(Kind::byte_array));
  BOOST_TEST(arrays[2]->is(Kind::instance));
  const Stream tiny = Stream().op(Op::short_binbytes, "a", 1).put(9);
  const Value letters = read(Stream(tiny).raw(array.str()).raw(array.str()).op(Op::tuple3));
  BOOST_TEST(letters[1]->is(Kind::byte_array));
  BOOST_TEST(letters[2]->is(Kind::byte_array));
  const Stream code =
      symbol("_codecs", "encode").get(9).text("latin1").op(Op::tuple2).op(Op::reduce);
  const Value codes =
      read(Stream().text("abc").put(9).raw(code.str()).raw(code.str()).op(Op::tuple3));
  BOOST_TEST(codes[1]->same_object(codes[2]));
}

BOOST_AUTO_TEST_CASE(what_is_no_whole_pickle_is_corrupt) {
  const Stream bad_text = Stream().long_text(std::string(70000, '\xff'));
  const Stream keyless = Stream(bare(Op::empty_dict)).one().op(Op::append);
  const Stream keyed = Stream(bare(Op::empty_list)).text("k").one().op(Op::setitem);
  const Stream bad_call = symbol("m", "C").one().op(Op::reduce);
  const std::pair<Stream, std::string_view> vectors[] = {
      {Stream().one().stop(), "1 bytes follow"},
      {bad_text, "not UTF-8"},
      {keyless, ""},
      {keyed, ""},
      {bad_call, "tuple"},
      {Stream().op(Op::append), "at offset 0 of the pickle"},
  };
  for (const auto& [stream, words] : vectors) {
    expect_error(Errc::corrupt, words, [&, &s = stream] { read(s); });
  }
  expect_error(Errc::corrupt, "it is empty", [] { decode(ByteView()); });
}

BOOST_AUTO_TEST_CASE(what_cannot_be_called_is_not) {
  const Stream encoded = Stream().proto(2).global("_codecs", "encode").text("\xc3\xbf")
                             .text("latin1").op(Op::tuple2).op(Op::reduce);
  expect_error(Errc::corrupt, "bytes is called, which cannot be", [&] {
    decode(Stream(encoded).op(Op::empty_tuple).op(Op::reduce).stop().bytes());
  });
  expect_error(Errc::usage, "cannot be called",
               [] { Value::instance(Value("f"), Value::tuple({}), Form::call); });
}

BOOST_AUTO_TEST_CASE(every_truncation_is_corrupt) {
  const Bytes whole = encode(Value::dict(
      {{"a", Value::list({1, 2.5, "text"})}, {"b", Value::array(std::vector<float>{1}, {1})}}));
  for (std::size_t size = 0; size < whole.size(); ++size) {
    expect_error(Errc::corrupt, "", [&] { decode(ByteView(whole).first(size)); });
  }
}

BOOST_AUTO_TEST_CASE(what_only_the_writer_knows_is_unsupported) {
  for (const Stream& stream : {Stream().line(Op::persid, "7"), Stream().text("7").op(Op::binpersid),
                               Stream().op(Op::ext1, 7, 1), bare(Op::next_buffer)}) {
    expect_error(Errc::unsupported, "", [&] { read(stream); });
    expect_error(Errc::unsupported, "", [&] { read(Stream(stream).op(Op::tuple1)); });
  }
}

BOOST_AUTO_TEST_CASE(a_breach_of_a_limit_is_named) {
  const Stream four = Stream().mark().one().one().one().op(Op::tuple);
  expect_error(Errc::limit, "max_nodes", [&] { read(four, {.max_nodes = 3}); });
  expect_error(Errc::limit, "max_opcodes", [&] { read(four, {.max_opcodes = 3}); });
  expect_error(Errc::limit, "max_stack_depth", [&] { read(four, {.max_stack_depth = 2}); });
}

BOOST_AUTO_TEST_CASE(numbers_that_readers_dispute_are_no_values) {
  for (const Stream& line : {Stream().line(Op::int_, "017"), Stream().line(Op::long_, "1_0L"),
                             Stream().line(Op::float_, "+1.5")}) {
    expect_error(Errc::unsupported, "no pickler spells it", [&] { read(line); });
  }
  const Stream digits = Stream().line(Op::long_, std::string(5000, '9') + "L");
  expect_error(Errc::corrupt, "LONG is no number", [&] { read(digits); });
}

BOOST_AUTO_TEST_CASE(a_million_levels_are_read_and_are_what_was_written) {
  Value value = Value::list();
  for (int i = 0; i < 1'000'000; ++i) {
    value = i % 2 == 0 ? Value::list({std::move(value)}) : Value::tuple({std::move(value)});
  }
  BOOST_TEST((decode(encode(value)) == value));
}

BOOST_AUTO_TEST_CASE(many_objects_that_hold_themselves_are_read_in_one_walk) {
  // Each list holds itself and the next one.
  const int count = 100'000;
  Stream stream;
  for (int i = 0; i < count; ++i) stream.op(Op::empty_list).memo().dup().op(Op::append);
  for (int i = 1; i < count; ++i) stream.op(Op::append);
  const Value value = read(stream);
  BOOST_TEST(value.items()[0].same_object(value));
  BOOST_TEST((value == read(stream)));
  Stream broken = Stream(stream).text("k").one().op(Op::setitem);
  expect_error(Errc::corrupt, "with a key", [&] { read(broken); });
}

BOOST_AUTO_TEST_CASE(values_are_read_wherever_they_stand_in_a_large_payload) {
  std::vector<Value> items;
  for (int i = 0; i < 30'000; ++i) items.emplace_back(i / 7.0);
  items.emplace_back(std::string(200'000, 'x'));
  for (int i = 0; i < 30'000; ++i) items.push_back(Value::bytes(bytes_of(std::to_string(i))));
  // The first are asked for last, so that the place that is read goes back and forth.
  const Value value = Value::list({Value::list(items), Value::tuple({items[70], items[30'001]})});
  for (const int protocol : {2, 4}) {
    BOOST_TEST((decode(encode(value, {.protocol = protocol})) == value));
  }
}

BOOST_AUTO_TEST_CASE(what_cannot_be_read_is_tried_once) {
  // 3 MB of text that is no latin-1, and 20,000 calls that would have it encoded.
  std::string euros;
  for (int i = 0; i < 1'000'000; ++i) euros += "\xe2\x82\xac";
  Stream stream = Stream().op(Op::empty_list).op(Op::binunicode, euros, 4).put(9).op(Op::pop);
  stream.raw(symbol("_codecs", "encode").put(8).op(Op::pop).str());
  for (int i = 0; i < 20'000; ++i) {
    stream.get(8).get(9).text("latin1").op(Op::tuple2).op(Op::reduce).op(Op::append);
  }
  const Value value = read(stream);
  BOOST_TEST(value.size() == 20'000U);
  BOOST_TEST(value[19'999]->is(Kind::instance));
  BOOST_TEST(value[0]->arguments()[0]->same_object(value[19'999]->arguments()[0]));
}

BOOST_AUTO_TEST_CASE(a_source_that_fails_ends_the_decoding) {
  struct Broken final : RandomSource {
    std::uint64_t size() const override { return 10; }
    void read_at(std::uint64_t, ByteSpan) const override {
      throw Error(Errc::environment, "the disk is gone");
    }
  };
  expect_error(Errc::environment, "the disk is gone", [] { decode(Broken()); });
}

BOOST_AUTO_TEST_SUITE_END()
