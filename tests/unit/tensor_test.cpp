#include "tensor/inventory.hpp"
#include "tensor/npy_type.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "support/expect.hpp"
#include "support/opcodes.hpp"
#include "tensor/element_type.hpp"

using namespace brine;
using namespace brine::pickle;
using brine::test::Stream;

namespace {

std::vector<tensor::Tensor> inventory_of(const Stream& stream, const Limits& limits = {}) {
  Graph graph(limits);
  TokenReader reader(graph, 0, limits);
  const Stream whole = Stream(stream).stop();
  reader.feed(whole.bytes());
  reader.finish();
  BOOST_REQUIRE_MESSAGE(reader.state() == TokenReader::State::stopped, reader.reason());
  return tensor::inventory(graph, limits);
}

std::string line_of(const TensorInfo& tensor) {
  return fmt::format("{}|{}|{}|{}|{}\n", tensor.path, tensor.dtype,
                     fmt::join(tensor.shape, "x"),
                     tensor.offset ? fmt::format("{}", *tensor.offset) : "-", tensor.bytes);
}

std::string lines_of(const Stream& stream) {
  std::string lines;
  for (const TensorInfo& tensor : inventory_of(stream)) lines += line_of(tensor);
  return lines;
}

std::string paths_of(const Stream& stream) {
  std::string paths;
  for (const TensorInfo& tensor : inventory_of(stream)) paths += tensor.path + "\n";
  return paths;
}

Stream operator+(Stream left, const Stream& right) { return left.raw(right.str()); }
Stream none() { return Stream().op(Op::none); }
Stream flag() { return Stream().op(Op::newfalse); }
Stream integer(std::uint64_t value) {
  return Stream().op(Op::long1, Stream().number(value, 8).str(), 1);
}
Stream bytes(std::string_view content) { return Stream().op(Op::binbytes, content, 4); }
Stream text(std::string_view content) { return Stream().text(content); }

Stream tuple(const std::vector<Stream>& values) {
  Stream stream = Stream().mark();
  for (const Stream& value : values) stream.raw(value.str());
  return stream.op(Op::tuple);
}

Stream list(const std::vector<Stream>& values) {
  Stream stream = Stream().mark();
  for (const Stream& value : values) stream.raw(value.str());
  return stream.op(Op::list);
}

Stream dict(const std::vector<std::pair<Stream, Stream>>& items) {
  Stream stream = Stream().mark();
  for (const auto& [key, value] : items) stream.raw(key.str()).raw(value.str());
  return stream.op(Op::dict);
}

Stream call(std::string_view module, std::string_view name, const std::vector<Stream>& arguments) {
  return Stream().global(module, name) + tuple(arguments) + Stream().op(Op::reduce);
}

Stream built(const Stream& object, const Stream& state) {
  return object + state + Stream().op(Op::build);
}

Stream object(const Stream& state) { return built(call("m", "Net", {}), state); }

Stream dtype(std::string_view code, std::string_view order = "<") {
  return built(call("numpy", "dtype", {text(code), flag(), flag()}),
               tuple({integer(3), text(order), none(), none(), none(), integer(~0ULL),
                      integer(~0ULL), integer(0)}));
}

Stream shape(const std::vector<std::uint64_t>& extents) {
  std::vector<Stream> values;
  for (const std::uint64_t extent : extents) values.push_back(integer(extent));
  return tuple(values);
}

Stream reconstruct(std::string_view module = "numpy.core.multiarray") {
  return call(module, "_reconstruct",
              {Stream().global("numpy", "ndarray"), shape({0}), bytes("b")});
}

// As protocols 2 to 4 write it.
Stream array(const Stream& type, const std::vector<std::uint64_t>& extents, const Stream& data) {
  return built(reconstruct(), tuple({integer(1), shape(extents), type, flag(), data}));
}

// As protocol 5 does.
Stream buffer(const Stream& type, const std::vector<std::uint64_t>& extents, const Stream& data) {
  return call("numpy._core.numeric", "_frombuffer", {data, type, shape(extents), text("C")});
}

Stream three() { return array(dtype("u1"), {3}, bytes("abc")); }

std::string type_named(const Stream& type) {
  const auto found = inventory_of(array(type, {0}, bytes("")));
  return found.empty() ? "" : found[0].dtype;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(tensor)

BOOST_AUTO_TEST_CASE(an_array_is_known_by_shape_type_and_place) {
  const std::string content = "0123456789abcdefghijklmn";
  const Stream streams[] = {
      array(dtype("f4"), {2, 3}, bytes(content)),
      array(dtype("f4"), {2, 3}, Stream().op(Op::binstring, content, 4)),
      buffer(dtype("f4"), {2, 3}, bytes(content)),
      buffer(dtype("f4"), {2, 3}, Stream().op(Op::bytearray8, content, 8)),
  };
  for (const Stream& stream : streams) {
    const std::size_t offset = stream.str().find(content);
    BOOST_TEST(lines_of(stream) == fmt::format("|float32|2x3|{}|24\n", offset));
  }
}

BOOST_AUTO_TEST_CASE(a_scalar_has_no_shape) {
  const Stream stream = call("numpy.core.multiarray", "scalar", {dtype("i8"), bytes("12345678")});
  BOOST_TEST(lines_of(stream) == fmt::format("|int64||{}|8\n", stream.str().find("12345678")));
}

BOOST_AUTO_TEST_CASE(a_large_array_is_known_by_its_place) {
  const std::string content(100'000, 'x');
  const Stream stream = array(dtype("f8"), {12'500}, bytes(content));
  BOOST_TEST(lines_of(stream) ==
             fmt::format("|float64|12500|{}|100000\n", stream.str().find(content)));
}

BOOST_AUTO_TEST_CASE(bytes_that_are_spelled_as_text_have_no_offset) {
  const auto encoded = [](const Stream& data) {
    return call("_codecs", "encode", {data, text("latin1")});
  };
  const Stream spelled[] = {
      encoded(text("ab\xc3\xa9")),
      encoded(text("\xc3\xa9\xc3\xa9\xc3\xa9")),
      encoded(Stream().line(Op::unicode, "ab\\u00e9")),
      Stream().line(Op::string, "'a\\xe9\\xe9'"),
      Stream().op(Op::next_buffer),
  };
  for (const Stream& data : spelled) {
    BOOST_TEST(lines_of(array(dtype("u1"), {3}, data)) == "|uint8|3|-|3\n");
  }
  BOOST_TEST(lines_of(array(dtype("u1"), {0}, call("__builtin__", "bytes", {}))) ==
             "|uint8|0|-|0\n");
}

BOOST_AUTO_TEST_CASE(types_are_named_as_numpy_names_them) {
  const std::pair<std::string_view, std::string_view> names[] = {
      {"b1", "bool"}, {"i1", "int8"}, {"u2", "uint16"}, {"f2", "float16"}, {"f16", "float128"},
      {"c8", "complex64"}, {"M8", "datetime64"}, {"m8", "timedelta64"}, {"S10", "S10"},
      {"U3", "U3"}, {"V24", "V24"}, {"O8", ""}, {"O", ""}, {"f3", ""}, {"i16", ""}, {"x8", ""},
      {"f0", ""}, {"f-8", ""}, {"f8 ", ""}, {"f99999999999", ""}, {"f", ""}, {"", ""},
  };
  for (const auto& [code, name] : names) BOOST_TEST(type_named(dtype(code)) == name, code);
  BOOST_TEST(type_named(dtype("f8", ">")) == "float64, big-endian");
  BOOST_TEST(type_named(dtype("u1", ">")) == "uint8");
  BOOST_TEST(type_named(call("numpy", "dtype", {text("f8")})) == "float64");
}

BOOST_AUTO_TEST_CASE(times_are_named_with_their_unit) {
  const auto time = [](const Stream& unit, std::uint64_t count) {
    return built(call("numpy", "dtype", {text("M8"), flag(), flag()}),
                 tuple({integer(4), text("<"), none(), none(), none(), integer(~0ULL),
                        integer(~0ULL), integer(0),
                        tuple({dict({}), tuple({unit, integer(count), integer(1), integer(1)})})}));
  };
  const Stream ns = Stream().op(Op::short_binbytes, "ns", 1);
  BOOST_TEST(type_named(time(ns, 1)) == "datetime64[ns]");
  BOOST_TEST(type_named(time(ns, 25)) == "datetime64[25ns]");
  BOOST_TEST(type_named(time(call("_codecs", "encode", {text("D"), text("latin1")}), 1)) ==
             "datetime64[D]");
  BOOST_TEST(type_named(time(Stream().op(Op::short_binbytes, "generic", 1), 1)) == "datetime64");
  for (const Stream& other : {none(), integer(1), list({}), bytes(std::string(100, 'x'))}) {
    BOOST_TEST(type_named(time(other, 1)) == "datetime64");
  }
}

BOOST_AUTO_TEST_CASE(codes_of_npy_are_named_as_dtypes_of_pickles) {
  const std::pair<std::string_view, std::string_view> names[] = {
      {"<f4", "float32"}, {">i2", "int16, big-endian"}, {"<M8[ns]", "datetime64[ns]"},
      {"<m8[25s]", "timedelta64[25s]"}, {"<M8[generic]", "datetime64"}, {"|S3", "S3"},
  };
  const auto read = [](std::string_view code) { return brine::tensor::read_type_code(code); };
  for (const auto& [code, name] : names) BOOST_TEST(read(code)->name == name);
  for (const char* code : {"<f4[ns]", "", "<", "[ns]"}) BOOST_TEST(!read(code));
}

BOOST_AUTO_TEST_CASE(arrays_with_masks_and_records_are_listed) {
  const auto masked = [](const Stream& mask) {
    return built(call("numpy.ma.core", "_mareconstruct", {none(), none(), none(), none()}),
                 tuple({integer(1), shape({2}), dtype("u1"), flag(), bytes("ab"), mask, none()}));
  };
  BOOST_TEST(paths_of(masked(bytes("xy"))) == "data\nmask\n");
  BOOST_TEST(lines_of(masked(bytes("wxyz"))).find("mask|V2|2|") != std::string::npos);
  for (const Stream& other : {bytes("xyz"), none(), integer(1)}) {
    BOOST_TEST(paths_of(masked(other)) == "data\n");
  }
  const Stream record = built(
      call("numpy", "dtype", {Stream().global("numpy", "record"), flag(), flag()}),
      tuple({integer(3), text("|"), none(), tuple({text("a")}),
             dict({{text("a"), tuple({dtype("u2"), integer(0)})}}), integer(2), integer(1)}));
  BOOST_TEST(lines_of(array(record, {2}, bytes("abcd"))).starts_with("|{a: uint16}|2|"));
}

BOOST_AUTO_TEST_CASE(arrays_of_texts_of_any_length_are_no_arrays_of_objects) {
  const Stream type = call("numpy._core._internal", "_convert_to_stringdtype_kwargs", {flag()});
  const Stream texts = list({text("a"), text("b")});
  BOOST_TEST(lines_of(array(type, {2}, texts)).starts_with("|StringDType|2|"));
  BOOST_TEST(lines_of(array(dtype("O8"), {2}, texts)).starts_with("|object|2|"));
}

BOOST_AUTO_TEST_CASE(rows_are_named_by_their_fields) {
  const auto row = [](const Stream& names, const Stream& fields) {
    return built(call("numpy", "dtype", {text("V16"), flag(), flag()}),
                 tuple({integer(3), text("|"), none(), names, fields, integer(16), integer(1),
                        integer(16)}));
  };
  const Stream names = tuple({text("left"), text("value")});
  const Stream left = tuple({dtype("i8"), integer(0)});
  const Stream value = tuple({dtype("f8", ">"), integer(8)});
  // In the order of the names, not of the dict.
  const Stream fields = dict({{text("value"), value}, {text("left"), left}});
  BOOST_TEST(type_named(row(names, fields)) == "{left: int64, value: float64, big-endian}");
  const Stream simple = tuple({row(names, fields), integer(0)});
  BOOST_TEST(type_named(row(tuple({text("left")}), dict({{text("left"), simple}}))) ==
             "{left: {left: int64, value: float64, big-endian}}");
  const Stream object = tuple({dtype("O8"), integer(0)});
  BOOST_TEST(type_named(row(tuple({text("left")}), dict({{text("left"), object}}))) ==
             "{left: object}");
  for (const Stream& bad : {dict({{text("left"), left}}), list({left}), integer(1), none()}) {
    BOOST_TEST(type_named(row(names, bad)) == "V16");
  }
  const std::vector<Stream> many(17, text("left"));
  BOOST_TEST(type_named(row(tuple(many), dict({{text("left"), left}}))) == "V16");
  Stream deep = row(names, fields);
  for (int i = 0; i < 12; ++i) {
    const Stream twice = tuple({deep, integer(0)});
    deep = row(names, dict({{text("left"), twice}, {text("value"), twice}}));
  }
  BOOST_TEST(type_named(deep).size() < 2048U);
}

BOOST_AUTO_TEST_CASE(types_of_npy_headers_are_spelled_as_in_pickles) {
  struct Row {
    std::string_view type;
    std::string_view name;
  };
  const Row rows[] = {
      {"<f4", "float32"},
      {">i8", "int64, big-endian"},
      {"[('a', '<i4'), ('b', '<f8')]", "{a: int32, b: float64}"},
      {"[('a', '|i1'), ('', '|V7'), ('b', '<f8')]", "{a: int8, b: float64}"},
      {"[('a', [('x', '<i4')]), ('b', '>f8', (2, 2))]",
       "{a: {x: int32}, b: float64, big-endian[2x2]}"},
      {"[('a', [('x', '|i1')], (2,))]", "{a: {x: int8}[2]}"},
      {"[(('title', 'a'), '|i1'), ('t', '<M8[ns]'), ('u', '<U3')]",
       "{a: int8, t: datetime64[ns], u: U3}"},
      {"[('v', '|V8')]", "{v: V8}"},
      {"[('a', '<i4', (x))]", "[('a', '<i4', (x))]"},
      {"[('a', '<i4'", "[('a', '<i4'"},
      {"[('a', '<i4')] ", "[('a', '<i4')] "},
      {"[", "["},
  };
  for (const Row& row : rows) BOOST_TEST(brine::tensor::spelled_npy_type(row.type) == row.name);
  std::string many;
  for (int i = 0; i < 17; ++i) many += "('f', '<i4'), ";
  BOOST_TEST(brine::tensor::spelled_npy_type("[" + many + "]") == "V68");
}

BOOST_AUTO_TEST_CASE(a_path_tells_how_to_reach_it) {
  const Stream key = integer(7);
  const std::pair<Stream, std::string_view> vectors[] = {
      {three(), "\n"},
      {dict({{text("w"), three()}}), "w\n"},
      {dict({{text("a"), dict({{text("b.c"), three()}})}}), "a.b.c\n"},
      {dict({{none(), none()}, {key, three()}, {tuple({key}), list({three()})}}),
       "[7]\n[(7,)][0]\n"},
      {list({none(), tuple({three(), three()})}), "[1][0]\n[1][1]\n"},
      {object(dict({{text("w"), three()}})), "w\n"},
      {object(tuple({none(), dict({{text("w"), three()}})})), "w\n"},
      {object(tuple({dict({{text("a"), three()}}), dict({{text("b"), three()}})})), "a\nb\n"},
      {object(list({three()})), "[0]\n"},
      {call("m", "Net", {none(), three()}), "()[1]\n"},
      {dict({{text("net"), call("m", "Net", {three()})}}), "net()[0]\n"},
      {call("collections", "OrderedDict", {}) + text("w") + three() + Stream().op(Op::setitem),
       "w\n"},
      {dict({{Stream().long_text(std::string(300, 'k')), three()}}), "[#0]\n"},
      {array(dtype("O8"), {2, 1, 2}, list({three(), none(), none(), three(), three()})),
       "\n[0,0,0]\n[1,0,1]\n[4]\n"},
      {array(dtype("O8"), {}, list({three(), three()})), "\n[()]\n[1]\n"},
      {array(dtype("O8"), {2, 0}, list({three()})), "\n[0]\n"},
      {array(dtype("O8"), {2}, list({none(), object(dict({{text("w"), three()}}))})),
       "\n[1].w\n"},
      {text("7") + Stream().op(Op::binpersid), ""},
      {none(), ""},
  };
  for (const auto& [stream, paths] : vectors) BOOST_TEST(paths_of(stream) == paths);
}

BOOST_AUTO_TEST_CASE(what_several_places_hold_is_listed_for_each_and_counted_once) {
  const Stream kept = three() + Stream().put(9);
  const std::pair<Stream, std::string_view> vectors[] = {
      {dict({{text("a"), kept}, {text("b"), Stream().get(9)}}), "a - 0;b a 3;"},
      {list({kept, Stream().get(9), Stream().get(9)}), "[0] - 0;[1] [0] 3;[2] [0] 3;"},
      {built(call("m", "Net", {kept}), dict({{text("w"), Stream().get(9)}})),
       "w - 0;()[0] w 3;"},
      {dict({{text("a"), call("torch._utils", "_rebuild_parameter", {kept}) + Stream().put(8)},
             {text("b"), Stream().get(8)},
             {text("c"), Stream().get(9)}}),
       "a - 0;b a 3;c a 3;"},
      {list({three(), three()}), "[0] - 0;[1] - 0;"},
      {list({list({kept}) + Stream().put(8), Stream().get(8), Stream().get(9)}),
       "[0][0] - 0;[2] [0][0] 3;"},
  };
  for (const auto& [stream, told] : vectors) {
    std::string all;
    for (const TensorInfo& each : inventory_of(stream)) {
      all += fmt::format("{} {} {};", each.path, each.shares.value_or("-"), each.shared_bytes);
    }
    BOOST_TEST(all == told);
  }
}

BOOST_AUTO_TEST_CASE(what_holds_itself_ends) {
  Stream stream = Stream().op(Op::empty_list).put(0).get(0).op(Op::append);
  BOOST_TEST(paths_of(stream + three() + Stream().op(Op::append)) == "[1]\n");
}

BOOST_AUTO_TEST_CASE(the_front_of_a_deep_path_is_left_out) {
  Stream stream = three();
  for (int i = 0; i < 100'000; ++i) stream.op(Op::tuple1);
  const std::string path = inventory_of(stream).at(0).path;
  BOOST_TEST(path.starts_with("...[0][0]"));
  BOOST_TEST(path.size() < 1100U);
}

BOOST_AUTO_TEST_CASE(a_list_that_grows_too_long_is_a_limit) {
  Stream stream = Stream().mark().global("numpy.core.multiarray", "scalar").put(0);
  stream = stream + tuple({dtype("u1"), bytes("x")}) + Stream().put(1);
  for (int i = 0; i < 100; ++i) stream.get(0).get(1).op(Op::reduce);
  stream.op(Op::list);
  BOOST_TEST(inventory_of(stream).size() == 100U);
  test::expect_error(Errc::limit, "max_text_bytes",
                     [&] { inventory_of(stream, {.max_text_bytes = 4096}); });
}

BOOST_AUTO_TEST_CASE(what_numpy_would_refuse_is_no_tensor) {
  const std::uint64_t half = 1ULL << 32;
  const Stream wrong[] = {
      array(dtype("f4"), {2, 3}, bytes("too short")),
      array(dtype("u1"), {half, half}, bytes("")),
      array(dtype("f8"), {1ULL << 62}, bytes("")),
      array(dtype("u1"), {~0ULL}, bytes("x")),
      array(dtype("u1"), std::vector<std::uint64_t>(65, 1), bytes("x")),
      array(dtype("u1"), {3}, text("abc")),
      array(dtype("u1"), {3}, call("_codecs", "encode", {text("ab"), text("latin1")})),
      array(dtype("u1"), {3}, call("_codecs", "encode", {text("abcdefg"), text("latin1")})),
      array(dtype("u1"), {3}, call("_codecs", "encode", {text("abc"), text("utf8")})),
      array(dtype("u1"), {3}, call("_codecs", "encode", {bytes("abc"), text("latin1")})),
      array(dtype("u1"), {3}, call("_codecs", "encode", {text("abc")})),
      array(dtype("u1"), {3}, call("builtins", "bytes", {})),
      array(dtype("u1"), {3}, call("m", "bytes", {})),
      call("numpy.core.numeric", "_frombuffer", {bytes("abc"), dtype("u1"), shape({3})}),
      call("numpy.core.multiarray", "scalar", {dtype("u1")}),
      call("elsewhere", "scalar", {dtype("u1"), bytes("x")}),
      reconstruct(),
      Stream().global("numpy.core.multiarray", "_reconstruct"),
  };
  for (const Stream& stream : wrong) BOOST_TEST(lines_of(stream) == "");
}

// Every part of an array in turn is something else.
BOOST_AUTO_TEST_CASE(malformed_state_is_no_tensor_and_no_crash) {
  const Stream others[] = {none(), integer(1), integer(~0ULL), text("f8"), bytes("abc"), flag(),
                           list({}), tuple({}), dict({}), shape({1, 2, 3, 4, 5, 6, 7, 8, 9, 10}),
                           Stream().global("numpy", "dtype"), call("numpy", "dtype", {}),
                           object(dict({})), Stream().line(Op::persid, "1"),
                           Stream().line(Op::long_, "99999999999999999999L"), dtype("V0")};
  const std::vector<Stream> state = {integer(1), shape({3}), dtype("i2"), flag(), bytes("abcdef")};
  BOOST_TEST(lines_of(built(reconstruct(), tuple(state))) != "");
  for (const Stream& other : others) {
    BOOST_TEST(lines_of(built(reconstruct(), other)) == "");
    BOOST_TEST(lines_of(built(call("numpy", "dtype", {text("f8")}), other)) == "");
    BOOST_TEST(lines_of(call("numpy.core.multiarray", "scalar", {other, other})) == "");
    BOOST_TEST(lines_of(call("numpy.core.numeric", "_frombuffer", {other, other, other, other})) ==
               "");
    for (const std::size_t place : {1, 2, 4}) {
      std::vector<Stream> changed = state;
      changed[place] = other;
      BOOST_TEST(lines_of(built(reconstruct(), tuple(changed))) == "");
    }
    BOOST_TEST(type_named(built(call("numpy", "dtype", {other}), tuple({}))) == "");
  }
}

// The wrapper of joblib before 0.10, which keeps the data in a file beside the pickle.
BOOST_AUTO_TEST_CASE(arrays_in_files_beside_the_pickle_are_listed_without_a_place) {
  const auto wrapper = [](std::string_view name, const Stream& state) {
    return Stream().proto(2).global("joblib.numpy_pickle", name).op(Op::empty_tuple)
               .op(Op::newobj).op(Op::empty_dict) +
           text("state") + state + Stream().op(Op::setitem).op(Op::build);
  };
  const auto state = [](const std::vector<Stream>& shape) {
    const Stream type = Stream().global("numpy", "dtype") + tuple({text("f8")}) +
                        Stream().op(Op::reduce);
    return tuple({integer(1), tuple(shape), type, flag()});
  };
  BOOST_TEST(lines_of(wrapper("ZNDArrayWrapper", state({integer(2), integer(3)}))) ==
             "|float64|2x3|-|48\n");
  BOOST_TEST(lines_of(wrapper("NDArrayWrapper", state({integer(2)}))) == "");
  BOOST_TEST(lines_of(wrapper("ZNDArrayWrapper", tuple({integer(1)}))) == "");
  BOOST_TEST(lines_of(wrapper("ZNDArrayWrapper", none())) == "");
  BOOST_TEST(lines_of(wrapper("ZNDArrayWrapper", state({none()}))) == "");
  BOOST_TEST(lines_of(Stream().proto(2).global("joblib.numpy_pickle", "ZNDArrayWrapper")
                          .op(Op::empty_tuple).op(Op::newobj)) == "");
}

BOOST_AUTO_TEST_SUITE_END()
