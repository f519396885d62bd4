// The grammar of paths: one for each place, and each can be read back.
#include "tensor/path.hpp"

#include <fmt/format.h>

#include <set>

#include "io/file.hpp"
#include "pickle/feed.hpp"
#include "support/expect.hpp"
#include "support/opcodes.hpp"
#include "tensor/nodes.hpp"

using namespace brine;
using namespace brine::pickle;
using brine::test::Stream;
using tensor::PathSpeller;
using tensor::Steps;

namespace {

// The steps to all attributes, then all items of the root.
std::vector<std::string> steps_from(const Stream& stream, bool has_payload = true) {
  const Stream whole = Stream(stream).stop();
  const io::MemoryFile payload(whole.bytes());
  Graph graph;
  TokenReader reader(graph, 0, {});
  read_to_end(payload, 0, payload.size(), reader);
  BOOST_REQUIRE_MESSAGE(reader.reason().empty(), reader.reason());
  PathSpeller speller(graph, has_payload ? &payload : nullptr);
  const Steps steps(graph, graph.root());
  std::vector<std::string> all;
  std::size_t position = 0;
  for (const NodeId state : tensor::attributes_of(graph, graph.state(graph.root()))) {
    for (const Item& item : graph.items(state)) {
      all.push_back(speller.spelled(steps.to_attribute(item.key, position++)));
    }
  }
  position = 0;
  for (const Item& item : graph.items(graph.root())) {
    all.push_back(speller.spelled(steps.to_item(item.key, position++)));
  }
  return all;
}

std::string joined_steps(const Stream& stream, bool has_payload = true) {
  std::string all;
  for (const std::string& step : steps_from(stream, has_payload)) all += step + " ; ";
  return all;
}

Stream dict(const std::vector<Stream>& keys) {
  Stream stream = Stream().op(Op::empty_dict).mark();
  for (const Stream& key : keys) stream.raw(key.str()).one();
  return stream.op(Op::setitems);
}

Stream text(std::string_view content) { return Stream().text(content); }

Stream texts(const std::vector<std::string_view>& names) {
  std::vector<Stream> keys;
  for (const std::string_view name : names) keys.push_back(text(name));
  return dict(keys);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(path)

BOOST_AUTO_TEST_CASE(texts_stand_bare_where_nothing_else_could_be_meant) {
  const std::pair<std::vector<std::string_view>, std::string_view> vectors[] = {
      {{"weight", "0", "a-b", "a/b:0", "caf\xc3\xa9"},
       ".weight ; .0 ; .a-b ; .a/b:0 ; .caf\xc3\xa9 ; "},
      {{"layer1.0.weight", "layer1.0.bias"}, ".layer1.0.weight ; .layer1.0.bias ; "},
      {{"a.b", "a"}, "[\"a.b\"] ; .a ; "},
      {{"a.b.c", "a.b", "ab"}, "[\"a.b.c\"] ; .a.b ; .ab ; "},
      {{"", ".", "a.", ".a", "a..b"}, "[\"\"] ; [\".\"] ; [\"a.\"] ; [\".a\"] ; [\"a..b\"] ; "},
      {{"x[0]", "()", "a b", "#1"}, "[\"x[0]\"] ; [\"()\"] ; [\"a b\"] ; [\"#1\"] ; "},
      {{"q'\"", "back\\", "n\nl", "\x1b"},
       "[\"q'\\\"\"] ; [\"back\\\\\"] ; [\"n\\nl\"] ; [\"\\x1b\"] ; "},
  };
  for (const auto& [names, steps] : vectors) BOOST_TEST(joined_steps(texts(names)) == steps);
}

BOOST_AUTO_TEST_CASE(other_keys_are_spelled_as_python_spells_them) {
  const std::pair<Stream, std::string_view> vectors[] = {
      {Stream().one(), "[1] ; "},
      {Stream().line(Op::int_, "-3"), "[-3] ; "},
      {Stream().line(Op::int_, "01"), "[True] ; "},
      {Stream().op(Op::newfalse), "[False] ; "},
      {Stream().op(Op::none), "[None] ; "},
      {Stream().line(Op::float_, "2.5"), "[2.5] ; "},
      {Stream().line(Op::float_, "2"), "[2.0] ; "},
      {Stream().op(Op::short_binbytes, "a\"\xff", 1), "[b\"a\\\"\\xff\"] ; "},
      {Stream().op(Op::long1, std::string(9, '\1'), 1), "[18519084246547628289] ; "},
      {Stream().one().text("a").op(Op::tuple2), "[(1, \"a\")] ; "},
      {Stream().one().op(Op::tuple1).op(Op::tuple1), "[((1,),)] ; "},
      {Stream().op(Op::empty_tuple), "[()] ; "},
      {Stream().global("m", "f"), "[#0] ; "},
      {Stream().long_text(std::string(300, 'k')), "[#0] ; "},
      {Stream().one().op(Op::tuple1).op(Op::tuple1).op(Op::tuple1).op(Op::tuple1), "[#0] ; "},
      {Stream().op(Op::long1, std::string(20, '\1'), 1), "[#0] ; "},
  };
  for (const auto& [key, step] : vectors) BOOST_TEST(joined_steps(dict({key})) == step);
  BOOST_TEST(joined_steps(dict({Stream().line(Op::float_, "2.5")}), false) == "[#0] ; ");
}

BOOST_AUTO_TEST_CASE(attributes_and_items_of_one_name_are_two_steps) {
  const Stream object = Stream().global("m", "D").op(Op::empty_tuple).op(Op::newobj);
  const auto with = [&](const Stream& state, const std::vector<std::string_view>& names) {
    Stream all = Stream(object).mark();
    for (const auto name : names) all.text(name).one();
    return all.op(Op::setitems).raw(state.str()).op(Op::build);
  };
  BOOST_TEST(joined_steps(with(texts({"a", "b c"}), {"a", "b c", "c"})) ==
             ".a ; .\"b c\" ; [\"a\"] ; [\"b c\"] ; .c ; ");
  BOOST_TEST(joined_steps(with(texts({"a"}), {"a.b"})) == ".a ; [\"a.b\"] ; ");
  BOOST_TEST(joined_steps(with(texts({"a.b"}), {"a"})) == ".\"a.b\" ; .a ; ");
}

BOOST_AUTO_TEST_CASE(no_step_begins_another) {
  const std::vector<std::string> all = steps_from(texts(
      {"a", "b", "a.b", "a.b.c", "b.c.d", "b.c", "c.d.e", "c.d", "d.e", "d.e[0]", "e.f", "\"e"}));
  BOOST_TEST(std::set(all.begin(), all.end()).size() == all.size());
  for (const std::string& front : all) {
    for (const std::string& step : all) {
      const bool goes_on = step.size() > front.size() && step.starts_with(front) &&
                           (step[front.size()] == '.' || step[front.size()] == '[');
      BOOST_TEST(!goes_on, front << " begins " << step);
    }
  }
}

BOOST_AUTO_TEST_CASE(paths_go_on_behind_a_place) {
  BOOST_TEST(tensor::joined("", "a") == "a");
  BOOST_TEST(tensor::joined("a", "") == "a");
  BOOST_TEST(tensor::joined("a", "b") == "a.b");
  for (const std::string step : {"[0]", "()", ".\"b c\""}) {
    BOOST_TEST(tensor::joined("a", step) == "a" + step);
  }
  BOOST_TEST(tensor::spelled_name("dir/model.pkl") == "dir/model.pkl");
  BOOST_TEST(tensor::spelled_name("a b") == "[\"a b\"]");
}

BOOST_AUTO_TEST_SUITE_END()
