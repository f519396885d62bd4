#include "pickle/graph.hpp"

#include <fmt/format.h>

#include "pickle/machine.hpp"
#include "support/expect.hpp"
#include "support/opcodes.hpp"

using namespace brine;
using namespace brine::pickle;
using brine::test::Stream;

namespace {

// Feeds `stream` in pieces and returns why the sink gave up, with the offset; empty: STOP.
std::string run(TokenSink& sink, const Stream& stream, const Limits& limits = {},
                std::size_t piece = ~std::size_t{0}) {
  TokenReader reader(sink, 0, limits);
  for (ByteView rest = stream.bytes(); !rest.empty();) {
    const std::size_t bytes = std::min(piece, rest.size());
    reader.feed(rest.first(bytes));
    rest = rest.subspan(bytes);
  }
  reader.finish();
  return reader.state() == TokenReader::State::stopped
             ? ""
             : fmt::format("{}: {}", reader.offset(), reader.reason());
}

std::string spelled(const Graph& graph, NodeId id, std::vector<NodeId>& path);

std::string spelled_items(const Graph& graph, NodeId id, std::vector<NodeId>& path) {
  std::string text;
  for (const Item& item : graph.items(id)) {
    if (!text.empty()) text += ' ';
    if (item.key != no_node) text += spelled(graph, item.key, path) + "=";
    text += spelled(graph, item.value, path);
  }
  return text;
}

std::string spelled_object(const Graph& graph, NodeId id, std::vector<NodeId>& path) {
  std::string text = graph.is(id, NodeKind::call)         ? spelled(graph, graph.callable(id), path)
                     : graph.is(id, NodeKind::persistent) ? "persistent"
                                                          : "other";
  if (graph.arguments(id) != no_node) text += spelled(graph, graph.arguments(id), path);
  if (graph.item_count(id) > 0) text += fmt::format("+[{}]", spelled_items(graph, id, path));
  if (graph.state(id) != no_node) text += "!" + spelled(graph, graph.state(id), path);
  return text;
}

// A graph as text; a node inside itself is `@`.
std::string spelled(const Graph& graph, NodeId id, std::vector<NodeId>& path) {
  if (std::find(path.begin(), path.end(), id) != path.end()) return "@";
  path.push_back(id);
  const std::string text = [&]() -> std::string {
    const Node& node = graph.node(id);
    switch (node.kind) {
      case NodeKind::none:
        return "None";
      case NodeKind::boolean:
        return "bool";
      case NodeKind::integer:
        return graph.integer(id) ? fmt::format("{}", *graph.integer(id)) : "huge";
      case NodeKind::real:
        return "real";
      case NodeKind::text:
        return graph.text(id) ? fmt::format("'{}'", *graph.text(id))
                              : fmt::format("text({},{})", node.offset, node.bytes);
      case NodeKind::bytes:
        return fmt::format("bytes({},{})", node.offset, node.bytes);
      case NodeKind::list:
        return fmt::format("[{}]", spelled_items(graph, id, path));
      case NodeKind::tuple:
        return fmt::format("({})", spelled_items(graph, id, path));
      case NodeKind::set:
      case NodeKind::dict:
        return fmt::format("{{{}}}", spelled_items(graph, id, path));
      case NodeKind::symbol:
        return fmt::format("{}:{}", graph.symbol(id)->module, graph.symbol(id)->name);
      default:
        return spelled_object(graph, id, path);
    }
  }();
  path.pop_back();
  return text;
}

// The graph of a pickle as text, the same whether it comes whole or byte by byte.
std::string graph_of(const Stream& stream) {
  Graph whole;
  Graph slow;
  const std::string why = run(whole, stream);
  BOOST_TEST(run(slow, stream, {}, 1) == why);
  if (!why.empty()) return why;
  std::vector<NodeId> path;
  const std::string text = spelled(whole, whole.root(), path);
  BOOST_TEST(spelled(slow, slow.root(), path) == text);
  return text;
}

struct Vector {
  Stream stream;  // without its STOP
  std::string expected;
};

Stream bare(Op op) { return Stream().op(op); }

}  // namespace

BOOST_AUTO_TEST_SUITE(graph)

BOOST_AUTO_TEST_CASE(every_kind_of_value_is_a_node) {
  const Vector vectors[] = {
      {bare(Op::none), "None"},
      {bare(Op::newtrue), "bool"},
      {Stream().line(Op::int_, "01"), "bool"},
      {Stream().op(Op::binint1, 200, 1), "200"},
      {Stream().op(Op::binint2, 40000, 2), "40000"},
      {Stream().op(Op::binint, 0xffffffff, 4), "-1"},
      {Stream().line(Op::int_, "-12"), "-12"},
      {Stream().line(Op::long_, "99L"), "99"},
      {Stream().line(Op::long_, "99999999999999999999L"), "huge"},
      {Stream().op(Op::long1, "", 1), "0"},
      {Stream().op(Op::long1, "\xfe", 1), "-2"},
      {Stream().op(Op::long1, "\xff\xff\xff\xff\xff\xff\xff\x7f", 1), "9223372036854775807"},
      {Stream().op(Op::long4, "123456789", 4), "huge"},
      {Stream().line(Op::float_, "1.5"), "real"},
      {Stream().text("name"), "'name'"},
      {Stream().line(Op::string, "'name'"), "'name'"},
      {Stream().line(Op::string, "'\\x41'"), "'A'"},
      {Stream().line(Op::unicode, "name"), "'name'"},
      {Stream().op(Op::short_binstring, "\xe9", 1), "text(2,1)"},
      {Stream().long_text(std::string(held_text_bytes + 1, 'x')), "text(5,4097)"},
      {Stream().long_text(std::string(held_bytes + 1, 'x')), "text(5,65537)"},
      {Stream().op(Op::short_binbytes, "abc", 1), "bytes(2,3)"},
      {Stream().op(Op::bytearray8, "abcd", 8).op(Op::readonly_buffer), "bytes(9,4)"},
      {Stream().op(Op::binbytes, std::string(70000, 'x'), 4), "bytes(5,70000)"},
      {bare(Op::empty_list), "[]"},
      {Stream().mark().one().one().op(Op::list), "[1 1]"},
      {Stream().mark().one().op(Op::none).op(Op::tuple), "(1 None)"},
      {Stream().one().op(Op::tuple1).op(Op::tuple1), "((1))"},
      {Stream().mark().one().op(Op::frozenset), "{1}"},
      {bare(Op::empty_set).mark().one().op(Op::additems), "{1}"},
      {Stream().mark().text("k").one().op(Op::dict), "{'k'=1}"},
      {Stream().global("m", "C"), "m:C"},
      {Stream().symbol("m", "C.D"), "m:C.D"},
      {Stream().op(Op::ext1, 7, 1), "other"},
      {Stream().line(Op::persid, "7"), "persistent"},
      {Stream().text("7").op(Op::binpersid), "persistent'7'"},
  };
  for (const auto& [stream, expected] : vectors) {
    BOOST_TEST(graph_of(Stream(stream).stop()) == expected);
  }
}

BOOST_AUTO_TEST_CASE(every_form_of_a_call_keeps_callable_and_arguments) {
  const Stream symbol = Stream().global("m", "C");
  const Vector vectors[] = {
      {Stream(symbol).one().op(Op::tuple1).op(Op::reduce), "m:C(1)"},
      {Stream(symbol).op(Op::empty_tuple).op(Op::newobj), "m:C()"},
      {Stream(symbol).op(Op::empty_tuple).op(Op::empty_dict).op(Op::newobj_ex), "m:C(() {})"},
      {Stream().mark().global("m", "C").one().one().op(Op::obj), "m:C(1 1)"},
      {Stream().mark().one().line(Op::inst, "m").raw("C\n"), "m:C(1)"},
  };
  for (const auto& [stream, expected] : vectors) {
    BOOST_TEST(graph_of(Stream(stream).stop()) == expected);
    const Stream built = Stream(stream).op(Op::empty_dict).op(Op::build).stop();
    BOOST_TEST(graph_of(built) == expected + "!{}");
    const Stream filled = Stream(stream).one().op(Op::append).mark().text("a").one();
    BOOST_TEST(graph_of(Stream(filled).op(Op::setitems).stop()) == expected + "+[1 'a'=1]");
  }
}

BOOST_AUTO_TEST_CASE(items_of_several_batches_keep_their_order) {
  Stream stream = bare(Op::empty_list).memo().op(Op::empty_list).memo();
  for (unsigned i = 0; i < 6; ++i) {
    stream.get(i % 2).op(Op::binint1, i, 1).op(Op::append).op(Op::pop);
  }
  BOOST_TEST(graph_of(stream.op(Op::tuple2).stop()) == "([0 2 4] [1 3 5])");
}

BOOST_AUTO_TEST_CASE(what_the_memo_hands_out_is_the_same_node) {
  Graph graph;
  const Stream stream = bare(Op::empty_list).put(3).get(3).op(Op::tuple2).dup().op(Op::tuple2);
  BOOST_TEST(run(graph, Stream(stream).stop()) == "");
  const auto outer = graph.items(graph.root());
  BOOST_TEST(outer[0].value == outer[1].value);
  const auto inner = graph.items(outer[0].value);
  BOOST_TEST(inner[0].value == inner[1].value);
}

BOOST_AUTO_TEST_CASE(an_object_may_hold_itself) {
  BOOST_TEST(graph_of(bare(Op::empty_list).memo().dup().op(Op::append).stop()) == "[@]");
  BOOST_TEST(graph_of(bare(Op::empty_dict).memo().text("me").get(0).op(Op::setitem).stop()) ==
             "{'me'=@}");
  const Stream object = Stream().global("m", "C").op(Op::empty_tuple).op(Op::newobj).memo();
  BOOST_TEST(graph_of(Stream(object).get(0).op(Op::build).stop()) == "m:C()!@");
}

BOOST_AUTO_TEST_CASE(what_goes_into_a_symbol_is_passed_over) {
  {
    const Stream value = Stream().global("m", "C");
    const std::string alone = graph_of(Stream(value).stop());
    BOOST_TEST(graph_of(Stream(value).one().op(Op::append).stop()) == alone);
    BOOST_TEST(graph_of(Stream(value).one().one().op(Op::setitem).stop()) == alone);
    BOOST_TEST(graph_of(Stream(value).op(Op::empty_dict).op(Op::build).stop()) == alone);
  }
}

BOOST_AUTO_TEST_CASE(it_gives_up_where_the_machine_does) {
  for (const Opcode& code : opcodes) {
    if (code.name.empty()) continue;
    const bool is_counted = code.argument == Argument::counted;
    const std::string argument = is_counted                         ? std::string(code.width, '\0')
                                 : code.argument == Argument::fixed ? std::string(code.width, '\1')
                                 : code.argument == Argument::line  ? "1\n"
                                                                    : "m\nC\n";
    const std::string tail = code.argument == Argument::none ? "" : argument;
    for (std::size_t values = 0; values < 5; ++values) {
      for (const bool marked : {false, true}) {
        Stream stream = bare(Op::empty_list).memo();
        if (marked) stream.mark();
        for (std::size_t i = 0; i < values; ++i) stream.one();
        stream.op(code.op).raw(tail).stop();
        Machine machine(Detail::symbols);
        machine.begin();
        Graph graph;
        BOOST_TEST(run(graph, stream) == run(machine, stream), code.name);
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(names_are_checked_as_the_machine_checks_them) {
  const Stream streams[] = {
      Stream().one().text("C").stack_global(),
      Stream().text("m m").text("C").stack_global(),
      Stream().text("m").long_text(std::string(70000, 'x')).stack_global(),
      Stream().global("", "C"),
      Stream().global("m\xff", "C"),
      Stream().global("m", std::string(5000, 'x')),
      Stream().get(5),
      Stream().line(Op::get, "x"),
      Stream().proto(6),
      Stream().op(Op::ext4, 0, 4),
      Stream().line(Op::int_, "0x"),
  };
  for (const Stream& stream : streams) {
    Machine machine(Detail::symbols);
    machine.begin();
    Graph graph;
    const std::string why = run(graph, Stream(stream).stop());
    BOOST_TEST(why != "");
    BOOST_TEST(why == run(machine, Stream(stream).stop()));
  }
}

BOOST_AUTO_TEST_CASE(a_limit_of_the_graph_is_named) {
  const auto reason = [](const Stream& stream, const Limits& limits) {
    Graph graph(limits);
    return run(graph, Stream(stream).stop(), limits);
  };
  const Stream four = Stream().mark().one().one().one();
  BOOST_TEST(reason(Stream(four).op(Op::tuple), {.max_nodes = 4}) == "");
  BOOST_TEST(reason(Stream(four).op(Op::tuple), {.max_nodes = 3}) ==
             "7: max_nodes: more than 3 objects");
  Stream shared = bare(Op::empty_list).memo();
  for (int i = 0; i < 4; ++i) shared.get(0).op(Op::append);
  BOOST_TEST(reason(shared, {.max_nodes = 4}) == "");
  BOOST_TEST(reason(shared, {.max_nodes = 3}) == "13: max_nodes: more than 3 places in containers");
  BOOST_TEST(reason(four, {.max_stack_depth = 3}) ==
             "5: max_stack_depth: more than 3 values at once");
  BOOST_TEST(reason(Stream().one().memo().memo(), {.max_memo_entries = 1}) ==
             "3: max_memo_entries: more than 1 entries");
  const Stream symbols = Stream().global("a", "B").global("a", "C");
  BOOST_TEST(reason(symbols, {.max_symbols = 1}) == "5: max_symbols: more than 1 symbols");
}

BOOST_AUTO_TEST_CASE(texts_over_the_limit_are_known_by_their_place) {
  const Limits limits{.max_text_bytes = 100};
  Graph graph(limits);
  const Stream stream = Stream().text(std::string(90, 'x')).stop();
  BOOST_TEST(run(graph, stream, limits) == "");
  BOOST_TEST(!graph.text(graph.root()));
  BOOST_TEST(graph.node(graph.root()).offset == 2U);
}

BOOST_AUTO_TEST_CASE(a_question_that_makes_no_sense_has_no_answer) {
  Graph graph;
  BOOST_TEST(graph.root() == no_node);
  BOOST_TEST(run(graph, Stream().one().stop()) == "");
  for (const NodeId id : {graph.root(), no_node}) {
    BOOST_TEST(!graph.text(id));
    BOOST_TEST(graph.symbol(id) == nullptr);
    BOOST_TEST(graph.callable(id) == no_node);
    BOOST_TEST(graph.state(id) == no_node);
    BOOST_TEST(graph.items(id).empty());
  }
  BOOST_TEST(!graph.integer(no_node));
  BOOST_TEST(!graph.is(no_node, NodeKind::none));
}

BOOST_AUTO_TEST_CASE(short_bytes_are_held) {
  const std::pair<Stream, std::string_view> vectors[] = {
      {Stream().op(Op::short_binbytes, "ns", 1), "ns"},
      {Stream().op(Op::binbytes, "12345678", 4), "12345678"},
      {Stream().op(Op::binbytes, "123456789", 4), "-"},
      {Stream().op(Op::short_binstring, "ns", 1), "ns"},
      {Stream().op(Op::next_buffer), "-"},
      {Stream().one(), "-"},
  };
  for (const auto& [stream, held] : vectors) {
    Graph graph;
    BOOST_TEST(run(graph, Stream(stream).stop()) == "");
    BOOST_TEST(graph.bytes(graph.root()).value_or("-") == held);
  }
}

BOOST_AUTO_TEST_SUITE_END()
