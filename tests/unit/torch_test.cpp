#include "tensor/torch.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "support/expect.hpp"
#include "support/opcodes.hpp"
#include "tensor/inventory.hpp"

using namespace brine;
using namespace brine::pickle;
using brine::test::Stream;

namespace {

const tensor::TorchStorages storages{
    .by_key = {{"0", {1000, 24}}, {"1", {2000, 6}}, {"packed", {std::nullopt, 24}}},
    .is_big_endian = false};

Stream integer(std::int64_t value) {
  const Stream bytes = Stream().number(static_cast<std::uint64_t>(value), 8);
  return Stream().op(Op::long1, bytes.str(), 1);
}

Stream tuple(const std::vector<Stream>& values) {
  Stream stream = Stream().mark();
  for (const Stream& value : values) stream.raw(value.str());
  return stream.op(Op::tuple);
}

Stream extents(const std::vector<std::int64_t>& values) {
  std::vector<Stream> all;
  for (const std::int64_t value : values) all.push_back(integer(value));
  return tuple(all);
}

Stream storage(std::string_view type, std::string_view key, std::int64_t items) {
  return tuple({Stream().text("storage"), Stream().global("torch", type), Stream().text(key),
                Stream().text("cpu"), integer(items)})
      .op(Op::binpersid);
}

Stream call(std::string_view name, const std::vector<Stream>& arguments) {
  return Stream().global("torch._utils", name).raw(tuple(arguments).str()).op(Op::reduce);
}

Stream rebuilt(const Stream& of, std::int64_t first, const std::vector<std::int64_t>& size,
               const std::vector<std::int64_t>& stride) {
  return call("_rebuild_tensor_v2", {of, integer(first), extents(size), extents(stride),
                                     Stream().op(Op::newfalse), Stream().op(Op::empty_dict)});
}

Stream made(std::string_view name, const Stream& state) {
  return Stream().global("torch.distributed.checkpoint.metadata", name).op(Op::empty_tuple)
      .op(Op::newobj).raw(state.str()).op(Op::build);
}

// Of a distributed checkpoint.
Stream stored_metadata(const Stream& dtype, const Stream& size) {
  const Stream properties = made("TensorProperties", tuple({dtype, Stream().one()}));
  return made("TensorStorageMetadata", Stream().op(Op::empty_dict).mark().text("properties")
                                           .raw(properties.str()).text("size").raw(size.str())
                                           .op(Op::setitems));
}

std::string tensors_of(const Stream& stream, const tensor::TorchStorages& known = storages) {
  Graph graph;
  TokenReader reader(graph, 0, {});
  const Stream whole = Stream(stream).stop();
  reader.feed(whole.bytes());
  BOOST_REQUIRE_MESSAGE(reader.state() == TokenReader::State::stopped, reader.reason());
  std::string all;
  for (const TensorInfo& each : tensor::inventory(graph, {}, [&](NodeId id) {
         return tensor::read_torch_tensor(graph, id, known);
       })) {
    all += fmt::format("{} {} {} @{}", each.dtype, fmt::join(each.shape, "x"), each.bytes,
                       each.offset ? fmt::format("{}", *each.offset) : "-");
  }
  return all;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(torch)

BOOST_AUTO_TEST_CASE(a_tensor_is_read_with_the_place_of_its_elements) {
  struct Row {
    Stream stream;
    std::string expected;
  };
  const Stream floats = storage("FloatStorage", "0", 6);
  const Row rows[] = {
      {rebuilt(floats, 0, {2, 3}, {3, 1}), "float32 2x3 24 @1000"},
      {rebuilt(floats, 2, {4}, {1}), "float32 4 16 @1008"},
      {rebuilt(floats, 5, {}, {}), "float32  4 @1020"},
      {rebuilt(floats, 0, {1, 6}, {99, 1}), "float32 1x6 24 @1000"},
      {rebuilt(floats, 0, {3, 2}, {1, 3}), "float32 3x2 24 @-"},
      {rebuilt(floats, 0, {3}, {2}), "float32 3 12 @-"},
      {rebuilt(floats, 0, {4, 0}, {0, 1}), "float32 4x0 0 @1000"},
      {rebuilt(floats, 0, {100}, {0}), "float32 100 400 @-"},
      {rebuilt(storage("BFloat16Storage", "1", 3), 0, {3}, {1}), "bfloat16 3 6 @2000"},
      {rebuilt(storage("ComplexDoubleStorage", "0", 1), 0, {1}, {1}), "complex128 1 16 @1000"},
      {rebuilt(storage("BoolStorage", "1", 6), 1, {5}, {1}), "bool 5 5 @2001"},
      {rebuilt(storage("DoubleStorage", "packed", 3), 0, {3}, {1}), "float64 3 24 @-"},
      {rebuilt(storage("DoubleStorage", "elsewhere", 9), 0, {9}, {1}), "float64 9 72 @-"},
      {call("_rebuild_tensor", {floats, integer(0), extents({6}), extents({1})}),
       "float32 6 24 @1000"},
      {call("_rebuild_parameter", {rebuilt(floats, 0, {6}, {1}), Stream().op(Op::newtrue),
                                   Stream().op(Op::empty_dict)}),
       "float32 6 24 @1000"},
      {call("_rebuild_tensor_v3",
            {storage("UntypedStorage", "1", 6), integer(0), extents({6}), extents({1}),
             Stream().op(Op::newfalse), Stream().op(Op::empty_dict),
             Stream().global("torch", "float8_e4m3fn")}),
       "float8_e4m3fn 6 6 @2000"},
      {call("_rebuild_meta_tensor_no_storage",
            {Stream().global("torch", "bfloat16"), extents({8, 2}), extents({2, 1}),
             Stream().op(Op::newfalse)}),
       "bfloat16 8x2 32 @-"},
      {Stream().global("torch._tensor", "_rebuild_from_type_v2")
           .raw(tuple({Stream().global("torch._utils", "_rebuild_tensor_v2"),
                       Stream().global("my", "Tensor"),
                       tuple({floats, integer(0), extents({6}), extents({1}),
                              Stream().op(Op::newfalse), Stream().op(Op::empty_dict)}),
                       Stream().op(Op::empty_dict)}).str())
           .op(Op::reduce),
       "float32 6 24 @1000"},
      {call("_rebuild_tensor_v2", {floats, integer(0), extents({6}), extents({1}),
                                   Stream().op(Op::newfalse), Stream().op(Op::empty_dict),
                                   Stream().op(Op::empty_dict).text("neg").op(Op::newtrue)
                                       .op(Op::setitem)}),
       "float32 6 24 @-"},
      {stored_metadata(Stream().global("torch", "float16"), extents({4, 5})), "float16 4x5 40 @-"},
  };
  for (const Row& row : rows) BOOST_TEST(tensors_of(row.stream) == row.expected);
}

// Where elements are that can be measured, though not read as they are.
std::string unordered_in(const Stream& stream) {
  Graph graph;
  TokenReader reader(graph, 0, {});
  const Stream whole = Stream(stream).stop();
  reader.feed(whole.bytes());
  const auto tensor = tensor::read_torch_tensor(graph, graph.root(), storages);
  if (!tensor || !tensor->unordered) return "-";
  return fmt::format("{}{}", tensor->is_negated ? "negated " : "", *tensor->unordered);
}

BOOST_AUTO_TEST_CASE(elements_without_gaps_are_known_in_whatever_order) {
  const auto floats = [] { return storage("FloatStorage", "0", 6); };
  const auto changed = [](const Stream& of, std::string_view how, Op value) {
    return call("_rebuild_tensor_v2",
                {of, integer(0), extents({2, 3}), extents({1, 2}), Stream().op(Op::newfalse),
                 Stream().op(Op::empty_dict),
                 Stream().op(Op::empty_dict).text(how).op(value).op(Op::setitem)});
  };
  struct Row {
    Stream stream;
    std::string_view place;
  };
  const Row rows[] = {
      {rebuilt(floats(), 0, {2, 3}, {3, 1}), "-"},  // has an offset
      {rebuilt(floats(), 0, {2, 3}, {1, 2}), "1000"},
      {rebuilt(floats(), 2, {2, 2}, {1, 2}), "1008"},
      {rebuilt(floats(), 0, {2, 1, 3}, {1, 77, 2}), "1000"},
      {rebuilt(floats(), 0, {3, 1, 2}, {1, 1, 3}), "1000"},
      {rebuilt(floats(), 0, {2, 2}, {1, 3}), "-"},
      {rebuilt(floats(), 0, {3, 3}, {1, 1}), "-"},
      {rebuilt(floats(), 0, {3}, {0}), "-"},
      {rebuilt(floats(), 0, {3}, {2}), "-"},
      {changed(floats(), "neg", Op::newtrue), "negated 1000"},
      {changed(floats(), "conj", Op::newtrue), "1000"},
      {changed(floats(), "neg", Op::newfalse), "-"},
      {changed(floats(), "other", Op::newtrue), "-"},
      {changed(storage("ByteStorage", "1", 6), "neg", Op::newtrue), "-"},
      {changed(storage("ByteStorage", "1", 6), "conj", Op::newtrue), "2000"},
  };
  for (const Row& row : rows) BOOST_TEST(unordered_in(row.stream) == row.place);
}

BOOST_AUTO_TEST_CASE(what_torch_would_refuse_is_no_tensor) {
  const Stream floats = storage("FloatStorage", "0", 6);
  constexpr std::int64_t huge = std::numeric_limits<std::int64_t>::max();
  const Stream rows[] = {
      rebuilt(floats, 0, {7}, {1}),              // beyond the storage
      rebuilt(floats, 6, {1}, {1}),
      rebuilt(floats, 0, {2, 2}, {5, 2}),
      rebuilt(floats, -1, {2}, {1}),
      rebuilt(floats, 0, {-2}, {1}),
      rebuilt(floats, 0, {2}, {-1}),
      rebuilt(floats, 0, {2, 3}, {1}),           // sizes and strides differ in number
      rebuilt(floats, huge, {2}, {1}),           // sums that wrap
      rebuilt(floats, 0, {huge, huge}, {1, 1}),
      rebuilt(floats, 0, {3}, {huge}),
      rebuilt(storage("MysteryStorage", "0", 6), 0, {6}, {1}),
      rebuilt(Stream().one(), 0, {6}, {1}),
      rebuilt(Stream().one().op(Op::binpersid), 0, {6}, {1}),
      call("_rebuild_tensor_v2", {floats}),
      call("_rebuild_tensor_v2", {}),
      call("_rebuild_meta_tensor_no_storage", {}),
      Stream().global("torch._tensor", "_rebuild_from_type_v2").op(Op::empty_tuple)
          .op(Op::reduce),
      stored_metadata(Stream().global("my", "float16"), extents({4})),
      stored_metadata(Stream().global("torch", "float16"), Stream().one()),
      made("TensorStorageMetadata", Stream().op(Op::none)),
  };
  // The storage is there all the same.
  for (const Stream& row : rows) {
    const bool has_storage = row.str().find("FloatStorage") != std::string::npos;
    BOOST_TEST(tensors_of(row) == (has_storage ? "float32 6 24 @1000" : ""));
  }
}

BOOST_AUTO_TEST_CASE(what_hangs_on_a_tensor_is_listed_with_it) {
  const Stream plain = rebuilt(storage("FloatStorage", "0", 6), 0, {6}, {1});
  const Stream inner = rebuilt(storage("ByteStorage", "1", 6), 0, {2}, {1});
  const auto typed = [&](const Stream& state) {
    const Stream parts = tuple({storage("FloatStorage", "0", 6), integer(0), extents({6}),
                                extents({1})});
    return Stream().global("torch._tensor", "_rebuild_from_type_v2")
        .raw(tuple({Stream().global("torch._utils", "_rebuild_tensor_v2"),
                    Stream().global("torch", "Tensor"), parts, state}).str())
        .op(Op::reduce);
  };
  const Stream state = Stream().op(Op::empty_dict).text("extra").raw(inner.str())
                           .op(Op::setitem);
  const std::string both = "float32 6 24 @1000uint8 2 2 @2000";
  BOOST_TEST(tensors_of(typed(state)) == both);
  BOOST_TEST(tensors_of(typed(Stream().op(Op::none))) == "float32 6 24 @1000");
  BOOST_TEST(tensors_of(call("_rebuild_parameter_with_state",
                             {plain, Stream().op(Op::newtrue), Stream().op(Op::empty_dict),
                              state})) == both);
  const auto quantised = [&](const std::vector<Stream>& quantiser) {
    return tensors_of(call("_rebuild_qtensor", {storage("QInt8Storage", "1", 6), integer(0),
                                                extents({6}), extents({1}), tuple(quantiser)}));
  };
  BOOST_TEST(quantised({integer(0), plain, inner, integer(0)}) ==
             "qint8 6 6 @2000float32 6 24 @1000uint8 2 2 @2000");
  BOOST_TEST(quantised({integer(0), integer(1), integer(2)}) == "qint8 6 6 @2000");
}

BOOST_AUTO_TEST_CASE(a_storage_by_itself_is_a_row_of_its_elements) {
  BOOST_TEST(tensors_of(storage("FloatStorage", "0", 6)) == "float32 6 24 @1000");
  BOOST_TEST(tensors_of(storage("FloatStorage", "0", 7)) == "");
  BOOST_TEST(tensors_of(storage("FloatStorage", "nowhere", 7)) == "float32 7 28 @-");
}

BOOST_AUTO_TEST_CASE(the_byte_order_of_the_file_is_said) {
  tensor::TorchStorages big = storages;
  big.is_big_endian = true;
  BOOST_TEST(tensors_of(rebuilt(storage("FloatStorage", "0", 6), 0, {6}, {1}), big) ==
             "float32, big-endian 6 24 @1000");
  BOOST_TEST(tensors_of(rebuilt(storage("ByteStorage", "1", 6), 0, {6}, {1}), big) ==
             "uint8 6 6 @2000");
}

BOOST_AUTO_TEST_SUITE_END()
