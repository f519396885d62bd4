#include "pickle/machine.hpp"

#include <fmt/format.h>

#include "support/expect.hpp"
#include "support/opcodes.hpp"

using namespace brine;
using namespace brine::pickle;
using brine::test::Stream;

namespace {

// Runs one pickle and returns why the machine gave up, with the offset; empty: it saw the STOP.
std::string run(Machine& machine, const Stream& stream, const Limits& limits = {}) {
  machine.begin();
  TokenReader reader(machine, 0, limits);
  reader.feed(stream.bytes());
  reader.finish();
  return reader.state() == TokenReader::State::stopped
             ? ""
             : fmt::format("{}: {}", reader.offset(), reader.reason());
}

std::string run(const Stream& stream, const Limits& limits = {}) {
  Machine lean(Detail::symbols, limits);
  Machine full(Detail::pushes, limits);
  std::string why = run(lean, stream, limits);
  BOOST_TEST(run(full, stream, limits) == why);
  return why;
}

std::string symbols(const Machine& machine) {
  std::string all;
  for (const MetSymbol& met : machine.symbols()) {
    all += fmt::format("{}:{} x{} at {} p{}\n", met.symbol.module, met.symbol.name, met.count,
                       met.offset, met.protocol);
  }
  return all;
}

std::string symbols(const Stream& stream) {
  Machine lean(Detail::symbols);
  Machine full(Detail::pushes);
  for (Machine* machine : {&lean, &full}) BOOST_TEST(run(*machine, stream) == "");
  BOOST_TEST(symbols(lean) == symbols(full));
  return symbols(lean);
}

// Values that may be anything, of three bytes each.
Stream values(std::size_t count) {
  Stream stream;
  for (std::size_t i = 0; i < count; ++i) stream.one().op(Op::binpersid);
  return stream;
}

struct Wants {
  Op op;
  std::size_t values;
  std::size_t leaves = 1;  // of them and what the opcode pushes
};

constexpr Wants from_the_stack[] = {
    {Op::stop, 1},      {Op::pop, 1, 0},  {Op::dup, 1, 2},          {Op::tuple1, 1},
    {Op::tuple2, 2},    {Op::tuple3, 3},  {Op::append, 2},          {Op::setitem, 3},
    {Op::reduce, 2},    {Op::build, 2},   {Op::newobj, 2},          {Op::newobj_ex, 3},
    {Op::binpersid, 1}, {Op::memoize, 1}, {Op::readonly_buffer, 1},
};

// Of those that gather down to the mark: what must lie above the mark, and below it.
struct Gathers {
  Op op;
  std::size_t above = 0;
  std::size_t below = 0;
};

constexpr Gathers to_the_mark[] = {
    {Op::dict},          {Op::list},           {Op::tuple},          {Op::frozenset}, {Op::obj, 1},
    {Op::appends, 0, 1}, {Op::setitems, 0, 1}, {Op::additems, 0, 1}, {Op::pop_mark},
};

}  // namespace

BOOST_AUTO_TEST_SUITE(machine)

BOOST_AUTO_TEST_CASE(every_opcode_has_a_handler) {
  for (const Opcode& code : opcodes) {
    if (code.name.empty()) continue;
    Machine machine(Detail::symbols);
    const std::string argument(9, '1');
    machine.on_token({.code = &code, .argument = bytes_of(argument)});
  }
}

BOOST_AUTO_TEST_CASE(an_opcode_that_finds_too_little_is_an_underflow) {
  for (const Wants& want : from_the_stack) {
    const std::string name(opcodes[static_cast<std::uint8_t>(want.op)].name);
    const Stream enough = values(want.values).op(want.op);
    if (want.op != Op::stop) BOOST_TEST(run(Stream(enough).one().stop()) == "", name);
    for (std::size_t count = 0; count < want.values; ++count) {
      const std::string expected =
          fmt::format("{}: {} wants {} value{}", 3 * count, name, want.values,
                      want.values == 1 ? " that is not there" : "s that are not there");
      BOOST_TEST(run(values(count).op(want.op).stop()) == expected);
    }
  }
}

BOOST_AUTO_TEST_CASE(a_mark_is_a_barrier) {
  for (const Wants& want : from_the_stack) {
    if (want.op == Op::pop) continue;  // takes the mark itself off
    const std::string name(opcodes[static_cast<std::uint8_t>(want.op)].name);
    const Stream below = values(4).mark();
    const std::string why = run(Stream(below).raw(values(want.values - 1).str()).op(want.op));
    BOOST_TEST(why.find(name + " wants") != std::string::npos, why);
    if (want.op == Op::stop) continue;
    BOOST_TEST(run(Stream(below).raw(values(want.values).str()).op(want.op).one().stop()) == "");
  }
}

BOOST_AUTO_TEST_CASE(an_opcode_leaves_as_many_values_as_it_should) {
  for (const Wants& want : from_the_stack) {
    if (want.op == Op::stop) continue;
    Stream after = Stream().mark().raw(values(want.values).str()).op(want.op);
    for (std::size_t i = 0; i < want.leaves; ++i) after.op(Op::pop);
    BOOST_TEST(run(Stream(after).op(Op::list).stop()) == "");
    BOOST_TEST(run(after.op(Op::pop).op(Op::pop)) != "");
  }
}

BOOST_AUTO_TEST_CASE(gathering_wants_a_mark_and_what_belongs_around_it) {
  for (const Gathers& gather : to_the_mark) {
    const std::string name(opcodes[static_cast<std::uint8_t>(gather.op)].name);
    BOOST_TEST(run(values(2).op(gather.op).stop()) == "6: " + name + " finds no mark");
    const Stream enough = values(gather.below).mark().raw(values(gather.above).str());
    BOOST_TEST(run(Stream(enough).op(gather.op).one().stop()) == "", name);
    if (gather.below > 0) BOOST_TEST(run(Stream().mark().one().one().op(gather.op)) != "", name);
    const Stream fenced = Stream().one().mark().mark().one().one();
    if (gather.below > 0) BOOST_TEST(run(Stream(fenced).op(gather.op).stop()) != "", name);
  }
  BOOST_TEST(run(Stream().mark().op(Op::obj)) == "1: OBJ has no class");
  BOOST_TEST(run(Stream().mark().one().op(Op::dict)).starts_with("3: DICT wants pairs"));
  BOOST_TEST(run(Stream().op(Op::empty_dict).mark().one().op(Op::setitems))
                 .starts_with("4: SETITEMS wants pairs"));
}

BOOST_AUTO_TEST_CASE(values_of_a_type_that_cannot_do_it_are_refused_as_readers_refuse_them) {
  struct Row {
    Stream stream;
    std::string why;
  };
  const Stream number = Stream().one();
  const Stream list = Stream().op(Op::empty_list);
  const Stream tuple = Stream().op(Op::empty_tuple);
  const Stream dict = Stream().op(Op::empty_dict);
  const Stream symbol = Stream().global("m", "C");
  const auto join = [](std::initializer_list<Stream> parts, Op op) {
    Stream all;
    for (const Stream& part : parts) all.raw(part.str());
    return all.op(op);
  };
  const Row rows[] = {
      {join({symbol, number}, Op::reduce), "REDUCE wants a tuple of arguments"},
      {join({number, tuple}, Op::reduce), "REDUCE calls what cannot be called"},
      {join({symbol, list}, Op::newobj), "NEWOBJ wants a tuple of arguments"},
      {join({symbol, tuple, tuple}, Op::newobj_ex), "NEWOBJ_EX wants a dict of keywords"},
      {join({symbol, dict, dict}, Op::newobj_ex), "NEWOBJ_EX wants a tuple of arguments"},
      {join({Stream().mark(), number}, Op::obj), "OBJ calls what cannot be called"},
      {join({number, number}, Op::append), "APPEND adds to a value that takes no items"},
      {join({dict, number}, Op::append), "APPEND adds to a value that takes no items"},
      {join({tuple, number, number}, Op::setitem), "SETITEM adds to a value that takes no items"},
      {join({dict, list, number}, Op::setitem), "SETITEM has a key without a hash"},
      {join({Stream().mark(), dict}, Op::frozenset), "FROZENSET has a key without a hash"},
      {join({Stream().mark(), list, number}, Op::dict), "DICT has a key without a hash"},
      {join({list, dict}, Op::build), "BUILD sets the state of a value that has none"},
      {Stream(number).op(Op::readonly_buffer), "READONLY_BUFFER wants a buffer"},
  };
  for (const Row& row : rows) {
    const std::string why = run(row.stream);
    BOOST_TEST(why.ends_with(": " + row.why), why << " instead of " << row.why);
  }
  for (const Stream& object : {symbol, Stream().one().op(Op::binpersid)}) {
    for (const Op op : {Op::append, Op::build, Op::reduce, Op::newobj}) {
      BOOST_TEST(run(join({object, tuple}, op).stop()) == "");
    }
    BOOST_TEST(run(join({object, object}, Op::reduce).stop()) == "");
  }
  const Stream nothing_to_add = Stream().one().mark().op(Op::appends);
  BOOST_TEST(run(Stream(nothing_to_add).stop()) == "");
}

BOOST_AUTO_TEST_CASE(what_is_left_over_at_the_stop_is_no_matter_but_a_mark_on_top_is) {
  BOOST_TEST(run(Stream().one().mark().one().stop()) == "");
  BOOST_TEST(run(Stream().one().mark().stop()) != "");
}

BOOST_AUTO_TEST_CASE(pop_takes_a_mark_off) {
  BOOST_TEST(run(Stream().one().mark().op(Op::pop).stop()) == "");
  BOOST_TEST(run(Stream().mark().op(Op::pop).stop()) != "");
}

BOOST_AUTO_TEST_CASE(memo_entries_are_what_was_put_last) {
  const Stream names = Stream().text("m").put(0).text("A").put(1).text("B").put(1);
  BOOST_TEST(symbols(Stream(names).get(0).get(1).stack_global().stop()) == "m:B x1 at 19 p0\n");
}

BOOST_AUTO_TEST_CASE(memoize_takes_the_number_of_entries_as_the_index) {
  // PUT 1 and then MEMOIZE: one entry is there, so MEMOIZE overwrites number 1.
  const Stream stream = Stream().text("m").put(1).text("N").memo();
  BOOST_TEST(run(Stream(stream).get(0).stop()) == "9: memo entry 0 was never put");
  BOOST_TEST(symbols(Stream(stream).op(Op::pop).get(1).stack_global().stop()).starts_with("m:N"));
}

BOOST_AUTO_TEST_CASE(the_memo_has_holes) {
  BOOST_TEST(run(Stream().one().put(200).get(200).stop()) == "");
  BOOST_TEST(run(Stream().one().put(200).get(199).stop()) == "4: memo entry 199 was never put");
  BOOST_TEST(run(Stream().one().line(Op::put, "7").line(Op::get, "7").stop()) == "");
  for (const char* bad : {"", "-1", "0x1", "1__0", "99999999999999999999"}) {
    BOOST_TEST(run(Stream().one().line(Op::put, bad)) == "2: PUT has no number for an index");
  }
}

BOOST_AUTO_TEST_CASE(far_entries_cost_no_memory_in_between) {
  // Would be 32 GiB if the places between them were there.
  Stream stream = Stream().text("m").op(Op::long_binput, 0xffffffff, 4).text("N");
  stream.op(Op::long_binput, 0xfffffffe, 4).op(Op::long_binget, 0xffffffff, 4);
  stream.op(Op::long_binget, 0xfffffffe, 4).stack_global();
  BOOST_TEST(symbols(Stream(stream).stop()).starts_with("m:N x1"));
  for (std::uint64_t index = 0; index < 5000; ++index) {
    stream.op(Op::long_binput, index << 16, 4);
  }
  BOOST_TEST(run(Stream(stream).op(Op::long_binget, 4999 << 16, 4).stop()) == "");
  BOOST_TEST(run(stream.stop(), {.max_memo_entries = 5000}).find("max_memo_entries") !=
             std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_far_entry_is_found_after_the_memo_grew_over_its_place) {
  Stream stream = Stream().text("m").op(Op::long_binput, 70'000, 4);
  stream.text("N").op(Op::long_binput, 65'000, 4).op(Op::long_binput, 65'600, 4);
  stream.op(Op::long_binput, 70'001, 4).op(Op::long_binput, 70'002, 4);
  stream.op(Op::long_binget, 70'000, 4).op(Op::long_binget, 70'002, 4).stack_global();
  BOOST_TEST(symbols(stream.stop()).starts_with("m:N x1"));
}

BOOST_AUTO_TEST_CASE(a_limit_of_the_machine_is_named) {
  const Stream three = Stream().one().one().one();
  const Stream deep = Stream(three).mark().mark().raw(three.str()).stop();
  BOOST_TEST(run(deep, {.max_stack_depth = 8}) == "");
  for (const auto& [depth, offset] : {std::pair{7U, 12}, {4U, 7}, {3U, 6}}) {
    BOOST_TEST(run(deep, {.max_stack_depth = depth}) ==
               fmt::format("{}: max_stack_depth: more than {} values at once", offset, depth));
  }
  const Stream put = Stream().one().put(0).put(1).put(1).put(2).stop();
  BOOST_TEST(run(put, {.max_memo_entries = 3}) == "");
  BOOST_TEST(run(put, {.max_memo_entries = 2}) == "8: max_memo_entries: more than 2 entries");
  const Stream names = Stream().global("abcd", "e").global("f", "g").global("f", "g").stop();
  BOOST_TEST(run(names, {.max_name_bytes = 4, .max_symbols = 2}) == "");
  BOOST_TEST(run(names, {.max_symbols = 1}) == "8: max_symbols: more than 1 symbols");
  BOOST_TEST(run(names, {.max_name_bytes = 3}) ==
             "0: max_name_bytes: a name of 4 bytes, the limit is 3");
}

BOOST_AUTO_TEST_CASE(texts_over_their_limit_are_missed_only_where_a_name_is_wanted) {
  Stream stream = Stream().mark();
  for (int i = 0; i < 10; ++i) stream.text(fmt::format("text-{}", i));
  const Limits limits{.max_text_bytes = 300};
  BOOST_TEST(run(Stream(stream).op(Op::list).stop(), limits) == "");
  const std::string why = run(stream.text("m").text("N").stack_global(), limits);
  BOOST_TEST(why == "87: max_text_bytes: more texts than 300 bytes hold");
}

BOOST_AUTO_TEST_CASE(what_an_edit_needs_is_bounded_too) {
  const Limits limits{.max_text_bytes = 400};
  const auto full = [&](const Stream& stream) {
    Machine machine(Detail::pushes, limits);
    return run(machine, stream, limits);
  };
  Stream pushes = Stream().one();
  Stream frames = Stream().one();
  for (int i = 0; i < 50; ++i) {
    pushes.global("m", "N");
    frames.frame(Stream().op(Op::none));
  }
  BOOST_TEST(full(pushes.stop()).ends_with("more pushes of symbols than 400 bytes hold"));
  BOOST_TEST(full(frames.stop()).ends_with("more frames than 400 bytes hold"));
}

BOOST_AUTO_TEST_SUITE_END()
