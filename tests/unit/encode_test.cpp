// What an encoder writes, opcode by opcode; test_value.py compares it with CPython's pickler.
#include "brine/value.hpp"
#include "pickle/python2.hpp"
#include "pickle/spelled.hpp"
#include "support/expect.hpp"
#include "support/opcodes.hpp"

using namespace brine;
using namespace brine::pickle;
using brine::test::expect_error;
using brine::test::Stream;

namespace {

std::string encoded(const Value& value, int protocol) {
  return std::string(text_of(encode(value, {.protocol = protocol})));
}

Stream framed(int protocol, const Stream& content) {
  Stream stream = Stream().proto(protocol);
  return stream.frame(Stream(content).stop());
}

// Notes which of the writes came from where the elements are.
struct Watching final : Sink {
  void write(ByteView bytes) override {
    if (bytes.data() == wanted) seen += bytes.size();
    largest_other = std::max(largest_other, bytes.data() == wanted ? 0 : bytes.size());
  }
  const std::byte* wanted = nullptr;
  std::size_t seen = 0;
  std::size_t largest_other = 0;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(encode_)

BOOST_AUTO_TEST_CASE(values_become_the_opcodes_of_their_protocol) {
  const Value text = "t";
  const Value pair = Value::tuple({text, text});
  struct Vector {
    Value value;
    Stream two;
    Stream four;
  };
  const Vector vectors[] = {
      {pair, Stream().long_text("t").put(0).get(0).op(Op::tuple2).put(1),
       Stream().text("t").memo().get(0).op(Op::tuple2).memo()},
      {Value::list({Value()}), Stream().op(Op::empty_list).put(0).op(Op::none).op(Op::append),
       Stream().op(Op::empty_list).memo().op(Op::none).op(Op::append)},
      {Value::bytes(bytes_of("\xe9x")),
       Stream()
           .global("_codecs", "encode")
           .put(0)
           .long_text("\xc3\xa9x")
           .put(1)
           .long_text("latin1")
           .put(2)
           .op(Op::tuple2)
           .put(3)
           .op(Op::reduce)
           .put(4),
       Stream().op(Op::short_binbytes, "\xe9x", 1).memo()},
      {Value::symbol("builtins", "range"), Stream().global("__builtin__", "xrange").put(0),
       Stream().symbol("builtins", "range")},
      {Value::set({1}),
       Stream()
           .global("__builtin__", "set")
           .put(0)
           .op(Op::empty_list)
           .put(1)
           .one()
           .op(Op::append)
           .op(Op::tuple1)
           .put(2)
           .op(Op::reduce)
           .put(3),
       Stream().op(Op::empty_set).memo().mark().one().op(Op::additems)},
      {Value::instance(Value::symbol("m", "C"), Value::tuple()),
       Stream().global("m", "C").put(0).op(Op::empty_tuple).op(Op::newobj).put(1),
       Stream().symbol("m", "C").op(Op::empty_tuple).op(Op::newobj).memo()},
  };
  for (const auto& [value, two, four] : vectors) {
    BOOST_TEST(encoded(value, 2) == Stream().proto(2).raw(two.str()).stop().str());
    BOOST_TEST(encoded(value, 4) == framed(4, four).str());
    BOOST_TEST(encoded(value, 5) == framed(5, four).str());
  }
}

BOOST_AUTO_TEST_CASE(a_pickle_that_is_too_short_for_a_frame_has_none) {
  BOOST_TEST(encoded(1, 4) == Stream().proto(4).one().stop().str());
  BOOST_TEST(encoded(300, 4) == framed(4, Stream().op(Op::binint2, 300, 2)).str());
}

BOOST_AUTO_TEST_CASE(texts_that_are_two_objects_are_written_twice) {
  const std::string pickle = encoded(Value::list({"text", "text"}), 4);
  BOOST_TEST(pickle.find("text") != pickle.rfind("text"));
}

BOOST_AUTO_TEST_CASE(names_are_written_once_and_dtypes_too) {
  const std::vector<float> numbers{1, 2};
  const Value one = Value::array(std::span(numbers), {2});
  const Value two = Value::array(std::span(numbers), {2});
  for (const int protocol : {2, 3, 4, 5}) {
    const std::string pickle = encoded(Value::list({one, two, one}), protocol);
    BOOST_TEST(pickle.find("dtype") == pickle.rfind("dtype"));
    BOOST_TEST(pickle.find("numpy.core") == pickle.rfind("numpy.core"));
    BOOST_TEST(pickle.find("f4") == pickle.rfind("f4"));
  }
}

BOOST_AUTO_TEST_CASE(large_arrays_go_to_the_sink_from_where_they_are) {
  const std::vector<double> numbers(1'000'000, 0.5);
  const Value value = Value::dict({{"weights", Value::array(std::span(numbers), {1000, 1000})}});
  for (const int protocol : {3, 4, 5}) {
    Watching sink;
    sink.wanted = std::as_bytes(std::span(numbers)).data();
    encode(value, sink, {.protocol = protocol});
    BOOST_TEST(sink.seen == 8'000'000U);
    BOOST_TEST(sink.largest_other < 1000U);
  }
  Watching sink;
  encode(value, sink, {.protocol = 2});
  BOOST_TEST(sink.largest_other <= 8192U);
}

BOOST_AUTO_TEST_CASE(what_a_protocol_cannot_say_is_told_with_its_path) {
  const Value bad_text = "\xff";
  const Value nested_name = Value::symbol("m", "C.D");
  const Value keywords = Value::instance(
      Value::symbol("m", "C"), Value::tuple({Value::tuple(), Value::dict()}), Form::new_ex);
  struct Vector {
    Value value;
    int protocol;
    std::string_view words;
  };
  const Vector vectors[] = {
      {1, 1, "protocol 1 is not one of 2 to 5"},
      {1, 6, "protocol 6 is not one of 2 to 5"},
      {bad_text, 5, "cannot write a text that is not UTF-8"},
      {Value::dict({{"a", Value::list({1, bad_text})}}), 5,
       "a[1]: cannot write a text that is not"},
      {Value::dict({{bad_text, 1}}), 5, "[0]: cannot write a text that is not UTF-8"},
      {Value::tuple({Value::dict({{"b", 1}, {"c", bad_text}})}), 5, "[0].c: cannot write a text"},
      {nested_name, 3, "cannot write the name m:C.D in protocol 3; 4 and 5 can"},
      {keywords, 3, "keywords of an instance in protocol 3"},
      {Value::symbol("", "C"), 4, "a symbol without a name"},
      {Value::symbol("m", "C\nD"), 2, "a name of two lines"},
      {Value::symbol("m", "C\nD"), 4, "a name that no import spells"},
      {Value::symbol("m", "a b"), 5, "a name that no import spells"},
  };
  for (const auto& [value, protocol, words] : vectors) {
    expect_error(Errc::usage, words, [&, &v = value, p = protocol] { encoded(v, p); });
  }
  BOOST_TEST(encoded(nested_name, 4) == framed(4, Stream().symbol("m", "C.D")).str());
  BOOST_TEST(encoded(keywords, 4).find(static_cast<char>(Op::newobj_ex)) != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_sink_that_fails_ends_the_encoding) {
  struct Full final : Sink {
    void write(ByteView) override { throw Error(Errc::no_space, "full"); }
  } full;
  expect_error(Errc::no_space, "full", [&] { encode(Value::list({1, 2}), full); });
}

BOOST_AUTO_TEST_CASE(a_million_levels_are_written) {
  Value value = Value::list();
  for (int i = 0; i < 1'000'000; ++i) value = Value::list({std::move(value)});
  for (const int protocol : {2, 5}) {
    const Bytes pickle = encode(value, {.protocol = protocol});
    BOOST_TEST(pickle.size() > 3'000'000U);
    BOOST_TEST((pickle.back() == static_cast<std::byte>(Op::stop)));
  }
}

BOOST_AUTO_TEST_CASE(names_of_python_2_go_there_and_back) {
  const std::pair<Symbol, Symbol> vectors[] = {
      {{"__builtin__", "set"}, {"builtins", "set"}},
      {{"__builtin__", "unicode"}, {"builtins", "str"}},
      {{"__builtin__", "long"}, {"builtins", "int"}},
      {{"__builtin__", "xrange"}, {"builtins", "range"}},
      {{"__builtin__", "set"}, {"builtins", "set"}},
      {{"copy_reg", "_reconstructor"}, {"copyreg", "_reconstructor"}},
      {{"collections", "OrderedDict"}, {"collections", "OrderedDict"}},
      {{"exceptions", "ValueError"}, {"builtins", "ValueError"}},
      {{"__builtin__", "BrokenPipeError"}, {"builtins", "BrokenPipeError"}},
      {{"Queue", "Queue"}, {"queue", "Queue"}},
      {{"urllib", "quote"}, {"urllib.parse", "quote"}},
      {{"_pickle", "Pickler"}, {"_pickle", "Pickler"}},
      {{"m", "C"}, {"m", "C"}},
  };
  for (const auto& [old_name, new_name] : vectors) {
    BOOST_TEST((to_python3(old_name) == new_name));
    BOOST_TEST((to_python2(new_name) == old_name));
  }
}

BOOST_AUTO_TEST_CASE(a_module_that_python_2_had_too_has_no_name_in_protocol_2) {
  const Symbol mine{"commands", "Mine"};
  BOOST_TEST((to_python3(mine) == Symbol{"subprocess", "Mine"}));
  BOOST_TEST(!to_python2(mine));
  expect_error(Errc::usage, "commands:Mine in protocol 2",
               [&] { encode(Value::symbol("commands", "Mine"), {.protocol = 2}); });
}

BOOST_AUTO_TEST_CASE(spelled_values_mean_what_python_reads) {
  BOOST_TEST(unescape_unicode("a\\u20acb\\U0001f600\\\\u0041\\x\xe9\\") ==
             "a\xe2\x82\xac"
             "b\xf0\x9f\x98\x80\\\\u0041\\x\xc3\xa9\\");
  BOOST_TEST(unescape_unicode("\\ud800") == "\xed\xa0\x80");
  BOOST_TEST(unescape_string("a\\n\\t\\\\\\'\\\"\\x41\\101\\7\\q") == "a\n\t\\'\"AA\a\\q");
  const std::pair<std::string_view, std::int64_t> vectors[] = {
      {"0", 0},
      {"1L", 1},
      {"-1", -1},
      {"-256L", -256},
      {"9223372036854775807", INT64_MAX},
      {"-9223372036854775808", INT64_MIN},
      {"-0", 0},
  };
  for (const auto& [text, number] : vectors) {
    BOOST_TEST(Value::integer(integer_of_decimal(text)).integer() == number, text);
  }
}

BOOST_AUTO_TEST_SUITE_END()
