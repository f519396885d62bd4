// Names for what frameworks pass by position, and the buffers of XGBoost.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "io/file.hpp"
#include "store/inventory.hpp"
#include "support/expect.hpp"
#include "support/opcodes.hpp"
#include "tensor/ubjson.hpp"

using namespace brine;
using brine::pickle::Op;
using brine::test::expect_error;
using brine::test::Stream;

namespace {

Stream call(std::string_view module, std::string_view name, const Stream& arguments) {
  return Stream().global(module, name).mark().raw(arguments.str()).op(Op::tuple).op(Op::reduce);
}

Stream array(std::string_view content) {
  const Stream type = call("numpy", "dtype", Stream().text("u1"));
  return call("numpy.core.numeric", "_frombuffer",
              Stream().op(Op::short_binbytes, content, 1).raw(type.str())
                  .op(Op::binint1, content.size(), 1).op(Op::tuple1).text("C"));
}

Stream list_of(const Stream& values) {
  return Stream().mark().raw(values.str()).op(Op::list);
}

Stream tuple_of(const Stream& values) {
  return Stream().mark().raw(values.str()).op(Op::tuple);
}

Stream made(std::string_view module, std::string_view name, const Stream& state) {
  return Stream().global(module, name).op(Op::empty_tuple).op(Op::newobj).raw(state.str())
      .op(Op::build);
}

std::string listed(const Stream& root) {
  const std::string payload = Stream().proto(4).raw(root.str()).stop().str();
  std::string all;
  for (const TensorInfo& each : store::list_tensors(io::MemoryFile(bytes_of(payload)), {})) {
    all += fmt::format("{} {} {} {};", each.path, each.dtype, fmt::join(each.shape, "x"),
                       payload.substr(*each.offset, each.bytes));
  }
  return all;
}

// Most significant byte first.
std::string number(std::uint64_t value, std::size_t width) {
  std::string bytes;
  while (width-- > 0) bytes += static_cast<char>(value >> (8 * width));
  return bytes;
}
std::string count(std::uint64_t value) { return "L" + number(value, 8); }
std::string key(std::string_view name) { return count(name.size()) + std::string(name); }
std::string numbers(char type, std::uint64_t items, std::string_view content) {
  return fmt::format("[${}#", type) + count(items) + std::string(content);
}

// `path dtype items content;` of each array, or `none`.
std::string ubjson(std::string_view value) {
  const auto found = tensor::list_ubjson(io::MemoryFile(bytes_of(value)), 0, value.size(), {});
  if (!found) return "none";
  std::string all;
  for (const TensorInfo& each : *found) {
    all += fmt::format("{} {} {} {};", each.path, each.dtype, each.shape.at(0),
                       value.substr(*each.offset, each.bytes));
  }
  return all;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(frameworks)

BOOST_AUTO_TEST_CASE(frames_of_pandas_are_named_as_pandas_names_them) {
  const Stream block = call("pandas._libs.internals", "_unpickle_block",
                            Stream(array("ab")).raw(array("p").str()).one());
  const Stream index = call("pandas.core.indexes.base", "_new_Index",
                            Stream().global("pandas", "Index").op(Op::empty_dict).text("data")
                                .raw(array("i").str()).op(Op::setitem));
  const Stream manager =
      call("pandas.core.internals.managers", "BlockManager",
           tuple_of(block).raw(list_of(index).str()));
  const Stream frame = made("pandas.core.frame", "DataFrame",
                            Stream().op(Op::empty_dict).text("_mgr").raw(manager.str())
                                .op(Op::setitem));
  BOOST_TEST(listed(frame) ==
             "_mgr.blocks[0].values uint8 2 ab;_mgr.blocks[0].placement uint8 1 p;"
             "_mgr.axes[0].data uint8 1 i;");
}

BOOST_AUTO_TEST_CASE(states_that_are_tuples_are_named_where_they_are_known) {
  const Stream series =
      made("pandas.core.internals.managers", "SingleBlockManager",
           tuple_of(list_of(array("a")).raw(list_of(array("v")).str())
                        .raw(list_of(array("i")).str()).op(Op::empty_dict)));
  BOOST_TEST(listed(series) ==
             "axes[0] uint8 1 a;values[0] uint8 1 v;items[0] uint8 1 i;");
  const Stream dates =
      Stream(call("pandas._libs.arrays", "__pyx_unpickle_NDArrayBacked", Stream().one()))
          .raw(tuple_of(Stream().op(Op::none).raw(array("d").str()).op(Op::empty_dict)).str())
          .op(Op::build);
  BOOST_TEST(listed(dates) == "_ndarray uint8 1 d;");
}

BOOST_AUTO_TEST_CASE(what_has_no_known_name_keeps_its_position) {
  BOOST_TEST(listed(call("my.pandas", "BlockManager", array("a"))) == "()[0] uint8 1 a;");
  BOOST_TEST(listed(call("pandasque", "BlockManager", array("a"))) == "()[0] uint8 1 a;");
  // One position more than there are names for.
  const Stream five = Stream().one().one().one().one().raw(array("a").str());
  BOOST_TEST(listed(call("pandas", "BlockManager", five)) == "()[4] uint8 1 a;");
}

BOOST_AUTO_TEST_CASE(models_of_xgboost_are_listed_by_their_arrays) {
  const std::string model = "{" + key("trees") + "[#" + count(1) + "{" + key("weights") +
                            numbers('d', 2, "aaaabbbb") + "}}";
  const auto booster = [](const Stream& handle) {
    return made("xgboost.core", "Booster",
                Stream().op(Op::empty_dict).text("handle").raw(handle.str()).op(Op::setitem));
  };
  const Stream as_bytes = Stream().op(Op::binbytes, model, 4);
  const std::string wanted = "handle.trees[0].weights float32, big-endian 2 aaaabbbb;";
  BOOST_TEST(listed(booster(call("builtins", "bytearray", as_bytes))) == wanted);
  BOOST_TEST(listed(booster(Stream().op(Op::bytearray8, model, 8))) == wanted);
  BOOST_TEST(listed(booster(Stream().op(Op::bytearray8, "binf....", 8))) ==
             "handle uint8 8 binf....;");
  BOOST_TEST(listed(booster(Stream().op(Op::none))) == "");
}

BOOST_AUTO_TEST_SUITE_END()
BOOST_AUTO_TEST_SUITE(ubjson_values)

BOOST_AUTO_TEST_CASE(every_value_is_passed_and_every_array_of_numbers_found) {
  struct Row {
    std::string value;
    std::string_view told;
  };
  const Row rows[] = {
      {numbers('U', 3, "abc"), " uint8 3 abc;"},
      {"{" + key("a") + numbers('D', 1, "12345678") + key("b") + numbers('I', 1, "xy") + "}",
       "a float64, big-endian 1 12345678;b int16, big-endian 1 xy;"},
      {"{" + key("a") + "T" + key("b") + "F" + key("c") + "Z" + key("d") + "Cx" + key("e") + "i1" +
           key("f") + "l1234" + key("g") + "S" + key("text") + "}",
       ""},
      {"[#" + count(2) + "[#" + count(1) + numbers('i', 1, "a") + numbers('l', 0, ""),
       "[0][0] int8 1 a;"},
      {"{" + key("a") + "{" + key("b") + numbers('L', 1, "12345678") + "}}",
       "a.b int64, big-endian 1 12345678;"},
  };
  for (const Row& row : rows) BOOST_TEST(ubjson(row.value) == row.told, row.value);
}

BOOST_AUTO_TEST_CASE(what_is_no_ubjson_to_its_end_is_none) {
  const std::string whole =
      "{" + key("a") + numbers('U', 3, "abc") + key("b") + "[#" + count(1) + "S" + key("x") + "}";
  BOOST_TEST(ubjson(whole) == "a uint8 3 abc;");
  for (std::size_t bytes = 0; bytes < whole.size(); ++bytes) {
    BOOST_TEST(ubjson(whole.substr(0, bytes)) == "none", bytes);
  }
  std::string deep;
  for (int i = 0; i < 65; ++i) deep += "[#" + count(1);
  for (const std::string& value :
       {whole + "x", std::string("?"), "[$?#" + count(0), "[$U" + count(0), "[#" + count(9),
        "{" + count(300) + std::string(300, 'k') + "T}", std::string("{k"), deep + "T"}) {
    BOOST_TEST(ubjson(value) == "none", value.substr(0, 20));
  }
}

BOOST_AUTO_TEST_CASE(lists_are_bounded) {
  std::string many = "[#" + count(1000);
  for (int i = 0; i < 1000; ++i) many += numbers('U', 1, "x");
  expect_error(Errc::limit, "max_text_bytes", [&] {
    tensor::list_ubjson(io::MemoryFile(bytes_of(many)), 0, many.size(), {.max_text_bytes = 5000});
  });
}

BOOST_AUTO_TEST_SUITE_END()
