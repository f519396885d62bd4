// Object graphs as JSON. tests/cli/test_convert.py reads them with Python.
#include "pickle/graph_json.hpp"

#include <fmt/format.h>

#include <vector>

#include "base/text.hpp"
#include "io/file.hpp"
#include "pickle/feed.hpp"
#include "pickle/json_text.hpp"
#include "support/expect.hpp"
#include "support/opcodes.hpp"

using namespace brine;
using namespace brine::pickle;
using brine::test::expect_error;
using brine::test::Stream;

BOOST_AUTO_TEST_SUITE(graph_json)

namespace {

struct Text final : Sink {
  std::string text;
  void write(ByteView bytes) override { text += text_of(bytes); }
};

std::string json_of(const Stream& stream, std::uint64_t max_bytes = 1 << 20) {
  const io::MemoryFile payload(stream.bytes());
  Graph graph;
  TokenReader reader(graph, 0, {});
  read_to_end(payload, 0, payload.size(), reader);
  BOOST_REQUIRE_MESSAGE(reader.reason().empty(), reader.reason());
  Text out;
  const std::uint64_t bytes = write_json(graph, payload, max_bytes, out);
  BOOST_TEST(bytes == out.text.size());
  BOOST_REQUIRE(out.text.ends_with('\n'));
  out.text.pop_back();
  return out.text;
}

struct Vector {
  Stream stream;
  std::string_view json;
};

void check(const std::vector<Vector>& vectors) {
  for (const auto& [stream, json] : vectors) BOOST_TEST(json_of(Stream(stream).stop()) == json);
}

Stream real(std::string_view bytes) { return Stream().op(Op::binfloat).raw(bytes); }

}  // namespace

BOOST_AUTO_TEST_CASE(plain_data_is_plain_json) {
  check({
      {Stream().op(Op::none), "null"},
      {Stream().op(Op::newtrue), "true"},
      {Stream().line(Op::int_, "00"), "false"},
      {Stream().line(Op::int_, "-17"), "-17"},
      {Stream().line(Op::long_, "17L"), "17"},
      {real(std::string("\x3f\xf0\0\0\0\0\0\0", 8)), "1.0"},
      {Stream().line(Op::float_, "-2.5e-3"), "-0.0025"},
      {Stream().text("a\"\\\n\x7f"), "\"a\\\"\\\\\\u000a\\u007f\""},
      {Stream().op(Op::empty_list), "[]"},
      {Stream().op(Op::empty_list).one().op(Op::append).one().op(Op::append), "[1,1]"},
      {Stream().op(Op::empty_dict), "{}"},
      {Stream()
           .op(Op::empty_dict)
           .mark()
           .text("a")
           .one()
           .text("b")
           .op(Op::empty_list)
           .op(Op::setitems),
       "{\"a\":1,\"b\":[]}"},
  });
}

BOOST_AUTO_TEST_CASE(what_json_has_no_form_for_is_marked) {
  const std::string large(300, 'x');
  const std::string huge = std::string(8, '\0') + "\x01";
  check({
      {Stream().line(Op::long_, "9007199254740991"), "9007199254740991"},
      {Stream().line(Op::int_, "017"), R"({"$type":"int","line":"017"})"},
      {Stream().line(Op::int_, std::string("\0x", 2)), R"({"$type":"int","line":"\\x00x"})"},
      {Stream().line(Op::long_, "-9007199254740992"),
       R"({"$type":"int","value":"-9007199254740992"})"},
      {Stream().op(Op::long1, huge, 1), R"({"$type":"int","value":"18446744073709551616"})"},
      {Stream().op(Op::long4, std::string(2001, '\x01'), 4),
       R"({"$type":"int","offset":5,"bytes":2001})"},
      {Stream().line(Op::float_, "inf"), R"({"$type":"float","value":"inf"})"},
      {Stream().line(Op::float_, "-inf"), R"({"$type":"float","value":"-inf"})"},
      {Stream().line(Op::float_, "nan"), R"({"$type":"float","value":"nan"})"},
      {Stream().op(Op::short_binbytes, std::string("\0\xff", 2), 1),
       R"({"$type":"bytes","hex":"00ff"})"},
      {Stream().op(Op::binbytes, large, 4), R"({"$type":"bytes","offset":5,"bytes":300})"},
      {Stream().op(Op::bytearray8, "a", 8), R"({"$type":"bytearray","hex":"61"})"},
      {Stream().op(Op::next_buffer), R"({"$type":"buffer"})"},
      {Stream().op(Op::short_binstring, "\xff", 1), R"({"$type":"str","offset":2,"bytes":1})"},
      {Stream().long_text(std::string(5000, 'x')), R"({"$type":"str","offset":5,"bytes":5000})"},
      {Stream().one().op(Op::tuple1), R"({"$type":"tuple","items":[1]})"},
      {Stream().op(Op::empty_set).mark().one().op(Op::additems), R"({"$type":"set","items":[1]})"},
      {Stream().mark().op(Op::frozenset), R"({"$type":"frozenset","items":[]})"},
      {Stream().global("m", "C.D"), R"({"$type":"symbol","name":"m:C.D"})"},
      {Stream().one().op(Op::binpersid), R"({"$type":"persistent","id":1})"},
      {Stream().line(Op::persid, "the id"), R"({"$type":"persistent","id":"the id"})"},
      {Stream().op(Op::ext2, 700, 2), R"({"$type":"extension","code":700})"},
  });
}

BOOST_AUTO_TEST_CASE(keys_that_json_cannot_have_make_a_list_of_pairs) {
  const auto dict = [](const Stream& first, const Stream& second) {
    return Stream()
        .op(Op::empty_dict)
        .mark()
        .raw(first.str())
        .one()
        .raw(second.str())
        .op(Op::newtrue)
        .op(Op::setitems);
  };
  const Stream a = Stream().text("a");
  check({
      {dict(a, Stream().text("b")), R"({"a":1,"b":true})"},
      {dict(a, a), R"({"$type":"dict","items":[["a",1],["a",true]]})"},
      {dict(a, Stream().one()), R"({"$type":"dict","items":[["a",1],[1,true]]})"},
      {dict(Stream().text("$ref"), a), R"({"$type":"dict","items":[["$ref",1],["a",true]]})"},
      {dict(Stream().one().op(Op::tuple1), a),
       R"({"$type":"dict","items":[[{"$type":"tuple","items":[1]},1],["a",true]]})"},
      {dict(Stream().text(""), a), R"({"":1,"a":true})"},
  });
}

BOOST_AUTO_TEST_CASE(calls_have_their_arguments_state_and_items) {
  const Stream made = Stream().global("m", "C").one().op(Op::tuple1).op(Op::reduce);
  const std::string front =
      R"({"$type":"call","callable":{"$type":"symbol","name":"m:C"},"arguments":[1])";
  check({
      {made, front + "}"},
      {Stream(made).text("s").op(Op::build), front + R"(,"state":"s"})"},
      {Stream(made).one().op(Op::append), front + R"(,"items":[1]})"},
      {Stream(made).one().op(Op::none).op(Op::setitem), front + R"(,"pairs":[[1,null]]})"},
      {Stream()
           .global("m", "C")
           .op(Op::empty_tuple)
           .op(Op::empty_dict)
           .text("k")
           .one()
           .op(Op::setitem)
           .op(Op::newobj_ex),
       R"({"$type":"call","callable":{"$type":"symbol","name":"m:C"},"arguments":[],)"
       R"("keywords":{"k":1}})"},
  });
}

BOOST_AUTO_TEST_CASE(what_is_met_again_is_a_reference) {
  check({
      {Stream().op(Op::empty_list).put(0).get(0).op(Op::append),
       R"({"$type":"list","$id":0,"items":[{"$ref":0}]})"},
      {Stream().op(Op::empty_dict).put(0).text("me").get(0).op(Op::setitem),
       R"({"$id":0,"me":{"$ref":0}})"},
      {Stream().op(Op::empty_list).dup().op(Op::tuple2),
       R"({"$type":"tuple","items":[{"$type":"list","$id":0,"items":[]},{"$ref":0}]})"},
      {Stream().text("same").dup().op(Op::tuple2), R"({"$type":"tuple","items":["same","same"]})"},
      {Stream().global("m", "f").one().op(Op::tuple1).put(0).op(Op::reduce).get(0).op(Op::tuple2),
       R"({"$type":"tuple","items":[{"$type":"call","callable":{"$type":"symbol","name":"m:f"},)"
       R"("arguments":{"$type":"tuple","$id":2,"items":[1]}},{"$ref":2}]})"},
  });
  const std::string text(300, 'x');
  BOOST_TEST(json_of(Stream().long_text(text).dup().op(Op::tuple2).stop()) ==
             R"({"$type":"tuple","items":[{"$type":"str","$id":0,"value":")" + text +
                 R"("},{"$ref":0}]})");
}

BOOST_AUTO_TEST_CASE(what_lies_too_deep_stands_aside) {
  Stream stream = Stream().one();
  const std::size_t levels = 3 * deepest_json;
  for (std::size_t i = 0; i < levels; ++i) stream.op(Op::tuple1);
  const std::string json = json_of(stream.stop());
  BOOST_TEST(json.starts_with(R"({"$root":{"$type":"tuple","items":[{"$type":"tuple")"));
  BOOST_TEST(json.ends_with("]}}}"));
  const std::size_t aside = json.find(R"(,"$deep":{")");
  BOOST_REQUIRE(aside != json.npos);
  // The outermost is the last that was made.
  BOOST_TEST(json.substr(aside).starts_with(
      fmt::format(R"(,"$deep":{{"{}":{{"$type":"tuple")", levels - deepest_json)));
  std::size_t depth = 0;
  std::size_t deepest = 0;
  for (const char c : json) {
    if (c == '{' || c == '[') deepest = std::max(deepest, ++depth);
    if (c == '}' || c == ']') --depth;
  }
  BOOST_TEST(depth == 0U);
  BOOST_TEST(deepest < 256U);
}

BOOST_AUTO_TEST_CASE(a_million_levels_are_written) {
  Stream stream = Stream().one();
  for (int i = 0; i < 1'000'000; ++i) stream.op(Op::tuple1);
  BOOST_TEST(json_of(stream.stop(), 1 << 28).size() > 20'000'000U);
}

BOOST_AUTO_TEST_CASE(the_length_of_a_document_is_limited) {
  Stream stream = Stream().mark().text(std::string(200, 'x')).memo();
  for (int i = 0; i < 1000; ++i) stream.get(0);
  expect_error(Errc::limit, "max_json_bytes",
               [&] { json_of(Stream(stream).op(Op::tuple).stop(), 100'000); });
}

BOOST_AUTO_TEST_CASE(texts_are_ascii_whatever_they_hold) {
  const std::pair<std::string_view, std::string_view> vectors[] = {
      {"\x1f\x20\x7e\x7f", "\"\\u001f ~\\u007f\""},
      {"\xc3\xa9\xe2\x82\xac", "\"\\u00e9\\u20ac\""},
      {"\xf0\x9f\x98\x80", "\"\\ud83d\\ude00\""},
      {"\xed\xa0\x80", "\"\\ud800\""},
      {"\xff"
       "a\xc3",
       "\"\\ufffda\\ufffd\""},
      {"\xf4\x90\x80\x80", "\"\\ufffd\\ufffd\\ufffd\\ufffd\""},
  };
  for (const auto& [text, json] : vectors) {
    std::string found;
    append_json(found, text);
    BOOST_TEST(found == json);
  }
}

BOOST_AUTO_TEST_SUITE_END()
