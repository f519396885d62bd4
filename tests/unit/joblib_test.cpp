#include "tensor/joblib.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "support/expect.hpp"
#include "support/opcodes.hpp"
#include "tensor/inventory.hpp"

using namespace brine;
using namespace brine::pickle;
using brine::test::Stream;
using tensor::JoblibReader;

namespace {

constexpr std::string_view module = "joblib.numpy_pickle";

Stream shape_of(const std::vector<unsigned>& extents) {
  Stream stream = Stream().mark();
  for (const unsigned extent : extents) stream.op(Op::binint1, extent, 1);
  return stream.op(Op::tuple);
}

Stream dtype(std::string_view code) {
  return Stream().global("numpy", "dtype").text(code).op(Op::tuple1).op(Op::reduce);
}

enum class Alignment { none, padded };

// The wrapper of an array, up to and with its BUILD; `before` are bytes in front of it.
Stream wrapper(const Stream& type, const std::vector<unsigned>& extents,
               Alignment alignment = Alignment::none, std::string_view from = module) {
  Stream stream = Stream().global(from, "NumpyArrayWrapper").op(Op::empty_tuple).op(Op::newobj);
  stream.op(Op::empty_dict).mark().text("shape").raw(shape_of(extents).str());
  stream.text("order").text("C").text("dtype").raw(type.str());
  if (alignment == Alignment::padded) {
    stream.text("numpy_array_alignment_bytes").op(Op::binint1, 16, 1);
  }
  return stream.op(Op::setitems).op(Op::build);
}

// What joblib writes in front of elements that follow `position` bytes.
std::string padding(std::size_t position) {
  const std::size_t length = 16 - (position + 1) % 16;
  return std::string(1, static_cast<char>(length)) + std::string(length, '\xff');
}

// The call by which numpy makes an array, with its state.
Stream array_of(const Stream& type, const std::vector<unsigned>& extents, const Stream& data) {
  Stream stream = Stream().global("numpy.core.multiarray", "_reconstruct").op(Op::empty_tuple);
  stream.op(Op::reduce).mark().one().raw(shape_of(extents).str()).raw(type.str());
  return stream.op(Op::newfalse).raw(data.str()).op(Op::tuple).op(Op::build);
}

struct Reading {
  std::string outcome;
  std::vector<tensor::Tensor> tensors;
  std::string symbols;
};

Reading read(const Stream& stream, std::size_t piece, const Limits& limits = {}) {
  Machine machine(Detail::symbols, limits);
  JoblibReader reader(&machine, limits);
  std::size_t used = 0;
  while (used < stream.size() && reader.state() == JoblibReader::State::reading) {
    const std::size_t count = std::min(piece, stream.size() - used);
    used += reader.feed(stream.bytes().subspan(used, count));
  }
  reader.finish();
  Reading reading;
  const bool stopped = reader.state() == JoblibReader::State::stopped;
  reading.outcome = fmt::format("{} {} {}", stopped ? "stopped" : "failed", reader.offset(),
                                reader.reason());
  reading.tensors = tensor::inventory(reader.graph(), limits, [&](NodeId id) {
    const auto found = reader.arrays().find(id);
    return found == reader.arrays().end() ? std::nullopt : std::optional(found->second);
  });
  const auto add = [&](const Machine& from) {
    for (const MetSymbol& met : from.symbols()) reading.symbols += met.symbol.name + " ";
  };
  add(machine);
  for (const auto& inner : reader.inner_machines()) add(*inner);
  return reading;
}

std::string lines(const Reading& reading) {
  std::string all;
  for (const TensorInfo& each : reading.tensors) {
    all += fmt::format("{}|{}|{}|{}|{} ", each.path, each.dtype, fmt::join(each.shape, "x"),
                       each.offset.value_or(0), each.bytes);
  }
  return all;
}

// However the bytes arrive, the reading is the same.
Reading read(const Stream& stream, const Limits& limits = {}) {
  Reading whole = read(stream, stream.size(), limits);
  for (const std::size_t piece : {1U, 2U, 3U, 7U, 64U}) {
    const Reading other = read(stream, piece, limits);
    BOOST_TEST(other.outcome == whole.outcome);
    BOOST_TEST(lines(other) == lines(whole));
    BOOST_TEST(other.symbols == whole.symbols);
  }
  return whole;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(joblib)

BOOST_AUTO_TEST_CASE(elements_between_opcodes_are_passed_over) {
  const std::string elements = "cos\nsystem\n(R.....";  // would be opcodes
  for (const char* from : {"joblib.numpy_pickle", "sklearn.externals.joblib.numpy_pickle"}) {
    const Stream array = wrapper(dtype("i2"), {3, 3}, Alignment::none, from);
    const Stream stream = Stream(array).raw(elements.substr(0, 18)).stop();
    const Reading reading = read(stream);
    BOOST_TEST(reading.outcome == fmt::format("stopped {} ", stream.size()));
    BOOST_TEST(lines(reading) == fmt::format("|int16|3x3|{}|18 ", array.size()));
    BOOST_TEST(reading.symbols == "NumpyArrayWrapper dtype ");
  }
}

BOOST_AUTO_TEST_CASE(padding_is_as_long_as_its_first_byte_says) {
  for (unsigned shift = 0; shift < 17; ++shift) {
    Stream front = Stream().op(Op::empty_dict).text(std::string(shift + 1, 'k'));
    front.raw(wrapper(dtype("f8"), {2}, Alignment::padded).str());
    const std::string gap = padding(front.size());
    const Stream stream = Stream(front).raw(gap).raw(std::string(16, 'x')).op(Op::setitem).stop();
    const Reading reading = read(stream);
    BOOST_TEST(reading.outcome == fmt::format("stopped {} ", stream.size()));
    BOOST_REQUIRE(reading.tensors.size() == 1U);
    BOOST_TEST(*reading.tensors[0].offset == front.size() + gap.size());
    BOOST_TEST(*reading.tensors[0].offset % 16 == 0U);
    BOOST_TEST(reading.tensors[0].path == std::string(shift + 1, 'k'));
  }
}

BOOST_AUTO_TEST_CASE(objects_of_an_array_are_a_pickle_of_their_own) {
  const Stream inner = Stream().proto(2).global("m", "Inner").stop();
  const Stream array = wrapper(dtype("O8"), {1});
  const Stream stream = Stream().op(Op::empty_list).raw(array.str()).raw(inner.str())
                            .op(Op::append).global("m", "Behind").op(Op::pop).stop();
  const Reading reading = read(stream);
  BOOST_TEST(reading.outcome == fmt::format("stopped {} ", stream.size()));
  BOOST_TEST(lines(reading) == "");
  BOOST_TEST(reading.symbols == "NumpyArrayWrapper dtype Behind Inner ");
}

BOOST_AUTO_TEST_CASE(arrays_in_an_array_of_objects_are_listed_below_it_where_they_are) {
  const Stream elements = array_of(dtype("u1"), {3}, Stream().op(Op::short_binbytes, "abc", 1));
  const Stream items = Stream().op(Op::empty_list).put(0).mark().one().raw(elements.str()).get(0)
                           .op(Op::appends);
  const Stream inner = Stream().proto(2).raw(array_of(dtype("O8"), {3}, items).str()).stop();
  Stream stream = Stream().op(Op::empty_dict).put(0).mark().text("o");
  stream.raw(wrapper(dtype("O8"), {3}).str());
  const std::size_t first = stream.size() + inner.str().find("abc");
  stream.raw(inner.str()).put(1).text("z").raw(wrapper(dtype("i2"), {2}).str());
  const std::size_t second = stream.size();
  // The memo and the stack of the outer pickle are as they were.
  stream.raw("wxyz").text("again").get(1).text("self").get(0).op(Op::setitems).stop();
  const Reading reading = read(stream);
  BOOST_TEST(reading.outcome == fmt::format("stopped {} ", stream.size()));
  BOOST_TEST(lines(reading) ==
             fmt::format("o|object|3|0|0 o[1]|uint8|3|{}|3 z|int16|2|{}|4 again|object|3|0|0 ",
                         first, second));
}

BOOST_AUTO_TEST_CASE(texts_of_any_length_are_objects_to_joblib) {
  const Stream type = Stream().global("numpy._core._internal", "_convert_to_stringdtype_kwargs")
                          .op(Op::empty_tuple).op(Op::reduce);
  const Stream texts = Stream().op(Op::empty_list).text("a").op(Op::append);
  const Stream inner = Stream().proto(2).raw(array_of(type, {1}, texts).str()).stop();
  const Stream stream = wrapper(type, {1}).raw(inner.str()).stop();
  BOOST_TEST(read(stream).outcome == fmt::format("stopped {} ", stream.size()));
  BOOST_TEST(lines(read(stream)) == "|StringDType|1|0|0 ");
}

BOOST_AUTO_TEST_CASE(a_pickle_inside_knows_nothing_of_the_memo_around_it) {
  Stream stream = Stream().op(Op::empty_list).put(7).raw(wrapper(dtype("O8"), {1}).str());
  const std::string outcome = read(stream.get(7).stop().op(Op::append).stop()).outcome;
  BOOST_TEST(outcome.starts_with("failed"), outcome);
}

BOOST_AUTO_TEST_CASE(empty_arrays_and_several_in_turn_are_read) {
  Stream stream = Stream().mark().raw(wrapper(dtype("f4"), {0, 5}).str());
  stream.raw(wrapper(dtype("u1"), {4}).str()).raw("abcd");
  stream.raw(wrapper(dtype("c16"), {}).str()).raw(std::string(16, '\0')).op(Op::list).stop();
  BOOST_TEST(read(stream).tensors.size() == 3U);
  BOOST_TEST(read(stream).outcome == fmt::format("stopped {} ", stream.size()));
}

BOOST_AUTO_TEST_CASE(what_cannot_be_measured_ends_the_reading) {
  struct Row {
    Stream stream;
    std::string_view why;
  };
  const Row rows[] = {
      {wrapper(dtype("mystery"), {1}), "elements of unknown size"},
      {wrapper(Stream().one(), {1}), "elements of unknown size"},
      {Stream().global(module, "NumpyArrayWrapper").op(Op::empty_tuple).op(Op::newobj)
           .op(Op::empty_dict).op(Op::build), "no shape"},
      {wrapper(dtype("i8"), {2}).raw("too short"), "before its STOP"},
      {wrapper(dtype("O8"), {2}).raw("]"), "before its STOP"},
      {wrapper(dtype("O8"), {2}).raw("\xff"), "is no opcode"},
      {wrapper(dtype("i8"), {2}, Alignment::padded), "before its STOP"},
  };
  for (const Row& row : rows) {
    const std::string outcome = read(row.stream).outcome;
    BOOST_TEST(outcome.starts_with("failed"));
    BOOST_TEST(outcome.find(row.why) != std::string::npos, outcome);
  }
}

BOOST_AUTO_TEST_CASE(pickles_inside_are_bounded) {
  const Stream one = Stream().raw(wrapper(dtype("O8"), {1}).str()).one().stop();
  Stream stream = Stream().mark();
  for (int i = 0; i < 3; ++i) stream.raw(one.str());
  BOOST_TEST(read(Stream(stream).op(Op::list).stop()).outcome.starts_with("stopped"));
  const std::string outcome = read(stream, {.max_pickles = 2}).outcome;
  BOOST_TEST(outcome.find("max_pickles") != std::string::npos, outcome);
}

BOOST_AUTO_TEST_SUITE_END()
