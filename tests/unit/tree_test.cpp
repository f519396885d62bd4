// The objects of a graph as rows of a tree. tests/cli/test_tree.py draws it.
#include "tensor/tree.hpp"

#include <fmt/format.h>

#include <vector>

#include "io/file.hpp"
#include "pickle/feed.hpp"
#include "support/expect.hpp"
#include "support/opcodes.hpp"

using namespace brine;
using namespace brine::pickle;
using brine::test::expect_error;
using brine::test::Stream;

BOOST_AUTO_TEST_SUITE(tree)

namespace {

std::vector<TreeRow> rows_of(const Stream& stream, const TreeOptions& options = {},
                             const Limits& limits = {}) {
  const io::MemoryFile payload(stream.bytes());
  Graph graph;
  TokenReader reader(graph, 0, {});
  read_to_end(payload, 0, payload.size(), reader);
  BOOST_REQUIRE_MESSAGE(reader.reason().empty(), reader.reason());
  return tensor::tree(graph, payload, "", options, limits);
}

// Each row as `LEVEL NAME=TEXT;`
std::string drawn(const Stream& stream, const TreeOptions& options = {}) {
  std::string text;
  for (const TreeRow& row : rows_of(stream, options)) {
    text += fmt::format("{} {}={};", row.level, row.name, row.text);
  }
  return text;
}

Stream list_of(int count) {
  Stream stream = Stream().op(Op::empty_list).mark();
  for (int i = 0; i < count; ++i) stream.one();
  return stream.op(Op::appends);
}

struct Vector {
  Stream stream;
  std::string_view rows;
};

void check(const std::vector<Vector>& vectors) {
  for (const auto& [stream, rows] : vectors) BOOST_TEST(drawn(Stream(stream).stop()) == rows);
}

}  // namespace

BOOST_AUTO_TEST_CASE(what_holds_nothing_is_said_in_its_own_row) {
  check({
      {Stream().op(Op::none), "0 =None;"},
      {Stream().line(Op::int_, "01"), "0 =True;"},
      {Stream().one(), "0 =1;"},
      {Stream().line(Op::long_, "123456789012345678901234567890"), "0 =int, 30 B;"},
      {Stream().line(Op::float_, "2"), "0 =2.0;"},
      {Stream().line(Op::float_, "nan"), "0 =nan;"},
      {Stream().text("a\nb"), "0 ='a\\x0ab';"},
      {Stream().long_text(std::string(50, 'x')), "0 ='xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx...';"},
      {Stream().long_text(std::string(5000, 'x')), "0 =str, 5000 B;"},
      {Stream().op(Op::short_binbytes, "ab", 1), "0 =bytes, 2 B;"},
      {Stream().op(Op::next_buffer), "0 =buffer outside of the pickle;"},
      {Stream().global("m", "f"), "0 =m:f;"},
      {Stream().op(Op::ext1, 1, 1), "0 =extension;"},
      {Stream().op(Op::empty_dict), "0 =dict, 0 items;"},
  });
}

BOOST_AUTO_TEST_CASE(parts_have_the_names_that_lead_to_them) {
  check({
      {list_of(1), "0 =list, 1 item;1 [0]=1;"},
      {Stream()
           .op(Op::empty_dict)
           .mark()
           .text("a")
           .one()
           .text("b c")
           .one()
           .one()
           .one()
           .op(Op::empty_tuple)
           .one()
           .op(Op::setitems),
       "0 =dict, 4 items;1 a=1;1 [\"b c\"]=1;1 [1]=1;1 [()]=1;"},
      {Stream().op(Op::empty_set).mark().one().op(Op::additems), "0 =set, 1 item;1 [0]=1;"},
      {Stream().one().op(Op::binpersid), "0 =persistent object;1 id=1;"},
  });
}

BOOST_AUTO_TEST_CASE(objects_have_attributes_items_and_arguments) {
  const Stream made = Stream().global("m", "C").op(Op::empty_tuple).op(Op::newobj);
  const Stream state = Stream().op(Op::empty_dict).text("a").one().op(Op::setitem);
  check({
      {made, "0 =m:C;"},
      {Stream(made).raw(state.str()).op(Op::build), "0 =m:C;1 a=1;"},
      {Stream(made).op(Op::none).raw(state.str()).op(Op::tuple2).op(Op::build), "0 =m:C;1 a=1;"},
      {Stream(made).one().op(Op::build), "0 =m:C;1 state=1;"},
      {Stream(made).one().op(Op::append), "0 =m:C, 1 item;1 [0]=1;"},
      {Stream().global("m", "f").one().op(Op::tuple1).op(Op::reduce),
       "0 =m:f;1 ()=tuple, 1 item;2 [0]=1;"},
      {Stream()
           .global("copy_reg", "_reconstructor")
           .global("m", "C")
           .one()
           .op(Op::none)
           .op(Op::tuple3)
           .op(Op::reduce),
       "0 =m:C;"},
      {Stream().global("numpy", "dtype").text("f8").op(Op::tuple1).op(Op::reduce),
       "0 =dtype 'f8';"},
  });
}

BOOST_AUTO_TEST_CASE(arrays_are_told_by_dtype_and_shape) {
  const auto array = [](int extent) {
    return Stream()
        .global("numpy.core.numeric", "_frombuffer")
        .mark()
        .op(Op::bytearray8, std::string(16, 'x'), 8)
        .raw(Stream()
                 .global("numpy", "dtype")
                 .text("f8")
                 .op(Op::newfalse)
                 .op(Op::newtrue)
                 .op(Op::tuple3)
                 .op(Op::reduce)
                 .str())
        .op(Op::binint1, static_cast<std::uint64_t>(extent), 1)
        .op(Op::tuple1)
        .text("C")
        .op(Op::tuple)
        .op(Op::reduce);
  };
  check({{array(2), "0 =float64 2;"}});
  BOOST_TEST(drawn(array(3).stop()).starts_with("0 =numpy.core.numeric:_frombuffer;"));
  BOOST_TEST(tensor::described({.path = "x", .dtype = "int8", .shape = {}, .offset = {}}) ==
             "int8");
  BOOST_TEST(tensor::described({.path = {}, .dtype = "int8", .shape = {3, 0}, .offset = {}}) ==
             "int8 3x0");
}

BOOST_AUTO_TEST_CASE(long_lists_and_deep_objects_are_folded) {
  BOOST_TEST(drawn(list_of(5).stop()).ends_with("1 [4]=1;"));
  BOOST_TEST(drawn(list_of(100).stop()) ==
             "0 =list, 100 items;1 [0]=1;1 [1]=1;1 [2]=1;1 ... 97 more=;");
  Stream dict = Stream().op(Op::empty_dict).mark();
  for (int i = 0; i < 41; ++i) dict.text(fmt::format("k{}", i)).one();
  BOOST_TEST(drawn(dict.op(Op::setitems).stop()).ends_with("1 k29=1;1 ... 11 more=;"));
  Stream deep = Stream().one();
  for (int i = 0; i < 100'000; ++i) deep.op(Op::tuple1);
  deep.stop();
  BOOST_TEST(drawn(deep, {.depth = 1}) == "0 =tuple, 1 item;1 [0]=tuple, 1 item ...;");
  BOOST_TEST(drawn(deep, {.depth = 0}) == "0 =tuple, 1 item ...;");
  const Limits roomy{.max_text_bytes = std::uint64_t{1} << 40};
  BOOST_TEST(rows_of(deep, {.depth = 1'000'000}, roomy).size() == 100'001U);
  // Its drawing would take 20 GB.
  expect_error(Errc::limit, "max_text_bytes", [&] { rows_of(deep, {.depth = 1'000'000}); });
}

BOOST_AUTO_TEST_CASE(nothing_is_folded_where_all_is_asked_for) {
  const std::string all = drawn(list_of(100).stop(), {.all = true});
  BOOST_TEST(all.ends_with("1 [99]=1;"));
  BOOST_TEST(all.find("more") == all.npos);
}

BOOST_AUTO_TEST_CASE(empty_hooks_of_modules_are_counted) {
  const Stream ordered = Stream().global("collections", "OrderedDict").op(Op::empty_tuple)
                             .op(Op::reduce);
  const auto module = [&](std::string_view first) {
    return Stream().global("m", "Net").op(Op::empty_tuple).op(Op::newobj).op(Op::empty_dict).mark()
        .text(first).op(Op::empty_dict).text("_buffers").op(Op::empty_dict)
        .text("_modules").op(Op::empty_dict).text("_forward_hooks").raw(ordered.str())
        .text("_backward_hooks").op(Op::none).text("my_hooks").one().op(Op::setitems)
        .op(Op::build).stop();
  };
  BOOST_TEST(drawn(module("_parameters")) ==
             "0 =m:Net;1 _parameters=dict, 0 items;1 _buffers=dict, 0 items;"
             "1 _modules=dict, 0 items;1 my_hooks=1;1 ... 2 empty hooks=;");
  BOOST_TEST(drawn(module("_parameters"), {.all = true}).ends_with("1 my_hooks=1;"));
  BOOST_TEST(drawn(module("other")).find("without") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(what_is_met_again_is_marked_once) {
  check({
      {Stream().raw(list_of(1).str()).put(0).get(0).get(0).op(Op::tuple3),
       "0 =tuple, 3 items;1 [0]=list, 1 item &1;2 [0]=1;1 [1]=list, 1 item *1;"
       "1 [2]=list, 1 item *1;"},
      {Stream().op(Op::empty_list).put(0).get(0).op(Op::append),
       "0 =list, 1 item &1;1 [0]=list, 1 item *1;"},
      {Stream().text("t").dup().op(Op::tuple2), "0 =tuple, 2 items;1 [0]='t';1 [1]='t';"},
  });
}

BOOST_AUTO_TEST_SUITE_END()
