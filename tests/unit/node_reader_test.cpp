// What a graph knows by its place only.
#include "pickle/node_reader.hpp"

#include <cmath>

#include "io/file.hpp"
#include "pickle/feed.hpp"
#include "support/expect.hpp"
#include "support/opcodes.hpp"

using namespace brine;
using namespace brine::pickle;
using brine::test::Stream;

BOOST_AUTO_TEST_SUITE(node_reader)

namespace {

// A pickle of one value, and a reader of it.
struct One {
  explicit One(const Stream& stream)
      : text(Stream(stream).stop().str()), payload(bytes_of(text)), reader(payload) {
    TokenReader tokens(graph, 0, {});
    read_to_end(payload, 0, payload.size(), tokens);
    BOOST_REQUIRE_MESSAGE(tokens.reason().empty(), tokens.reason());
  }
  const Node& node() const { return graph.node(graph.root()); }

  std::string text;
  io::MemoryFile payload;
  NodeReader reader;
  Graph graph;
};

}  // namespace

BOOST_AUTO_TEST_CASE(booleans_have_two_spellings) {
  const std::pair<Stream, bool> vectors[] = {
      {Stream().op(Op::newtrue), true},
      {Stream().op(Op::newfalse), false},
      {Stream().line(Op::int_, "01"), true},
      {Stream().line(Op::int_, "00"), false},
  };
  for (const auto& [stream, value] : vectors) {
    One one(stream);
    BOOST_TEST(one.reader.boolean(one.node()) == value);
  }
}

BOOST_AUTO_TEST_CASE(reals_have_two_spellings) {
  const std::pair<Stream, double> vectors[] = {
      {Stream().op(Op::binfloat).raw(std::string("\xc0\x04\0\0\0\0\0\0", 8)), -2.5},
      {Stream().line(Op::float_, "-2.5"), -2.5},
      {Stream().line(Op::float_, "1e-300"), 1e-300},
      {Stream().line(Op::float_, "inf"), HUGE_VAL},
  };
  for (const auto& [stream, value] : vectors) {
    One one(stream);
    BOOST_TEST(one.reader.real(one.node()) == value);
  }
}

BOOST_AUTO_TEST_CASE(large_integers_have_their_digits) {
  const std::pair<Stream, std::string_view> vectors[] = {
      {Stream().line(Op::long_, "-123456789012345678901234567890L"),
       "-123456789012345678901234567890"},
      {Stream().line(Op::int_, "123456789012345678901"), "123456789012345678901"},
      {Stream().op(Op::long1, std::string(8, '\0') + "\x01", 1), "18446744073709551616"},
      {Stream().op(Op::long4, std::string(8, '\0') + "\xff", 4), "-18446744073709551616"},
  };
  for (const auto& [stream, digits] : vectors) {
    One one(stream);
    BOOST_TEST(one.reader.decimal(one.node()) == digits);
  }
}

BOOST_AUTO_TEST_CASE(contents_are_read_in_any_order) {
  Stream stream = Stream().mark();
  const std::string large(200'000, 'y');
  for (int i = 0; i < 300; ++i) stream.op(Op::binbytes, std::string(1000, char('a' + i % 26)), 4);
  stream.op(Op::binbytes, large, 4).op(Op::short_binbytes, "", 1);
  One one(stream.op(Op::tuple));
  const auto items = one.graph.items(one.graph.root());
  BOOST_REQUIRE(items.size() == 302U);
  const auto content = [&](std::size_t at) {
    return std::string(text_of(one.reader.bytes(one.graph.node(items[at].value))));
  };
  for (const std::size_t at : {0U, 299U, 1U, 150U, 149U, 0U}) {
    BOOST_TEST((content(at) == std::string(1000, char('a' + at % 26))), at);
  }
  BOOST_TEST((content(300) == large));
  BOOST_TEST(content(301).empty());
}

BOOST_AUTO_TEST_CASE(the_first_items_of_many_can_be_asked_for) {
  One one(Stream().mark().one().op(Op::none).one().op(Op::tuple));
  BOOST_TEST(one.graph.items(one.graph.root(), 2).size() == 2U);
  BOOST_TEST(one.graph.items(one.graph.root(), 9).size() == 3U);
  BOOST_TEST(one.graph.items(one.graph.root(), 0).empty());
  BOOST_TEST(one.graph.items(no_node, 2).empty());
}

BOOST_AUTO_TEST_SUITE_END()
