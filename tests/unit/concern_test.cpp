// What a pickle does that no list of symbols tells of.
#include <fmt/format.h>

#include "pickle/machine.hpp"
#include "support/expect.hpp"
#include "support/opcodes.hpp"

using namespace brine;
using namespace brine::pickle;
using brine::test::Stream;

namespace {

std::string_view word_for(Concern::Kind kind) {
  switch (kind) {
    case Concern::Kind::changes_import: return "changes";
    case Concern::Kind::believed_dtype: return "believed";
    case Concern::Kind::forged_objects: return "forged";
    case Concern::Kind::short_array: return "short";
    case Concern::Kind::shared_memo: return "memo";
    case Concern::Kind::disputed_number: return "number";
    case Concern::Kind::nested_frames: return "nested";
    case Concern::Kind::unfinished_frame: return "unfinished";
    case Concern::Kind::shadows: return "shadows";
    case Concern::Kind::list_state: return "list";
    case Concern::Kind::opens_zone: return "zone";
    case Concern::Kind::late_state: return "late";
    case Concern::Kind::made_text: return "made";
    case Concern::Kind::calls_object: return "calls";
  }
  return "?";
}

// Reads pickles one behind another, as one machine does.
std::string concerns(std::initializer_list<Stream> pickles) {
  Machine machine(Detail::symbols);
  auto place = Machine::Place::alone;
  for (const Stream& stream : pickles) {
    machine.begin(std::exchange(place, Machine::Place::behind_another));
    TokenReader reader(machine, 0, {});
    reader.feed(stream.bytes());
    BOOST_TEST((reader.state() == TokenReader::State::stopped), reader.reason());
  }
  std::string all;
  for (const Concern& concern : machine.concerns()) {
    all += fmt::format("{} at {} ", word_for(concern.kind), concern.offset);
  }
  return all;
}

std::string concerns(const Stream& stream) { return concerns({stream}); }

Stream built(const Stream& object, const Stream& with) {
  return Stream(object).raw(with.str()).op(Op::build).stop();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(concern)

BOOST_AUTO_TEST_CASE(a_change_to_what_is_imported_is_told) {
  const Stream symbol = Stream().global("collections", "OrderedDict");
  BOOST_TEST(concerns(built(symbol, Stream().op(Op::empty_dict))) == "changes at 26 ");
  const Stream again = Stream(symbol).memo().op(Op::pop).get(0);
  BOOST_TEST(concerns(built(again, Stream().op(Op::empty_dict))) == "changes at 30 ");
  BOOST_TEST(concerns(Stream(symbol).one().one().op(Op::setitem).stop()) == "changes at 29 ");
  const Stream instance = Stream(symbol).op(Op::empty_tuple).op(Op::newobj);
  BOOST_TEST(concerns(built(instance, Stream().op(Op::empty_dict))) == "");
  BOOST_TEST(concerns(Stream(instance).one().one().op(Op::setitem).stop()) == "");
}

BOOST_AUTO_TEST_CASE(texts_and_states_that_change_what_objects_do_are_told) {
  BOOST_TEST(concerns(Stream().text("__class__").stop()) == "shadows at 0 ");
  BOOST_TEST(concerns(Stream().line(Op::unicode, "__set\\u0073tate__").stop()) ==
             "shadows at 0 ");
  BOOST_TEST(concerns(Stream().text("__dict__").stop()) == "");
  for (const std::string_view zone :
       {"dateutil//etc/zone", "datetime64[ns, dateutil//etc/zone]", "M8[ns, dateutil/../x]"}) {
    BOOST_TEST(concerns(Stream().text(zone).stop()) == "zone at 0 ");
    BOOST_TEST(concerns(Stream().op(Op::short_binbytes, zone, 1).stop()) == "zone at 0 ");
    std::string wide;
    for (const char c : zone) wide += std::string("\0\0\0", 3) + c;
    BOOST_TEST(concerns(Stream().op(Op::short_binbytes, wide, 1).stop()) == "zone at 0 ");
  }
  for (const std::string_view other : {"datetime64[ns, UTC]", "python-dateutil/2.8", "date", ""}) {
    BOOST_TEST(concerns(Stream().text(other).stop()) == "");
  }
  const Stream object = Stream().global("m", "N").op(Op::empty_tuple).op(Op::newobj);
  BOOST_TEST(concerns(Stream(object).op(Op::empty_list).op(Op::build).stop()) == "");
  const Stream array = Stream().global("numpy", "C").op(Op::empty_tuple).op(Op::newobj);
  BOOST_TEST(concerns(Stream(array).op(Op::empty_list).op(Op::build).stop()) == "list at 12 ");
  BOOST_TEST(concerns(Stream(array).raw(object.str()).op(Op::build).stop()) == "list at 18 ");
  BOOST_TEST(concerns(Stream(array).op(Op::empty_tuple).op(Op::build).stop()) == "");
  BOOST_TEST(concerns(Stream(object).op(Op::empty_dict).op(Op::build).stop()) == "");
}

// Picklers write items, then one state, and both before anything else can be done with the object.
BOOST_AUTO_TEST_CASE(a_state_that_comes_late_is_told) {
  const Stream object = Stream().global("m", "N").op(Op::empty_tuple).op(Op::newobj);
  const Stream state = Stream().op(Op::empty_dict).op(Op::build);
  const Stream item = Stream().one().op(Op::append);
  const Stream built = Stream(object).raw(state.str());
  BOOST_TEST(concerns(Stream(built).raw(state.str()).stop()) == "late at 10 ");
  BOOST_TEST(concerns(Stream(built).raw(item.str()).stop()) == "late at 11 ");
  BOOST_TEST(concerns(Stream(object).memo().op(Op::pop).get(0).raw(state.str()).stop()) ==
             "late at 12 ");
  BOOST_TEST(concerns(Stream(object).op(Op::dup).raw(state.str()).op(Op::tuple2).stop()) ==
             "late at 9 ");
  BOOST_TEST(concerns(Stream(object).memo().raw(item.str()).raw(item.str()).raw(state.str())
                          .stop()) == "");
  const Stream none_at_all = Stream(built).mark().op(Op::appends);
  BOOST_TEST(concerns(Stream(none_at_all).stop()) == "");
}

BOOST_AUTO_TEST_CASE(a_state_of_none_for_a_tuple_is_no_concern) {
  Stream many;
  for (int i = 0; i < 100; ++i) many.one().op(Op::tuple1).op(Op::pop);
  BOOST_TEST(concerns(many.one().op(Op::tuple1).op(Op::none).op(Op::build).stop()) == "");
}

BOOST_AUTO_TEST_CASE(a_text_that_is_made_of_bytes_is_told) {
  const auto made = [](std::string_view codec) {
    return Stream().global("builtins", "str").op(Op::short_binbytes, "x", 1).text(codec)
        .op(Op::tuple2).op(Op::reduce).stop();
  };
  BOOST_TEST(concerns(made("utf-7")) == "made at 25 ");
  BOOST_TEST(concerns(made("utf-8")) == "");
  const Stream plain = Stream().global("builtins", "str").one().op(Op::tuple1).op(Op::reduce);
  BOOST_TEST(concerns(Stream(plain).stop()) == "");
}

BOOST_AUTO_TEST_CASE(a_number_that_readers_dispute_is_told_once) {
  for (const Stream& row : {Stream().line(Op::int_, "017").line(Op::long_, "0x10L").stop(),
                            Stream().line(Op::float_, "+1.5").stop()}) {
    BOOST_TEST(concerns(row) == "number at 0 ");
  }
  BOOST_TEST(concerns(Stream().one().line(Op::put, "+7").stop()) == "number at 2 ");
  BOOST_TEST(concerns(Stream().one().line(Op::put, "7").line(Op::get, "7 ").stop()) ==
             "number at 5 ");
  BOOST_TEST(concerns(Stream().line(Op::int_, "17").line(Op::long_, "-3L").stop()) == "");
}

BOOST_AUTO_TEST_CASE(frames_that_readers_dispute_are_told) {
  const Stream inner = Stream().frame(Stream().one());
  BOOST_TEST(concerns(Stream().frame(Stream(inner).stop())) == "nested at 9 ");
  BOOST_TEST(concerns(Stream().frame(Stream().one().stop().one())) == "unfinished at 11 ");
  BOOST_TEST(concerns(Stream().frame(Stream().one()).frame(Stream().stop())) == "");
}

BOOST_AUTO_TEST_CASE(a_memo_that_two_readers_see_differently_is_told) {
  const Stream memoizes = Stream().op(Op::empty_list).memo();
  const Stream puts = Stream().op(Op::empty_list).put(0);
  const Stream uses = Stream(memoizes).get(0).op(Op::append).stop();
  BOOST_TEST(concerns({Stream(memoizes).stop(), uses}) == "memo at 2 ");
  BOOST_TEST(concerns({uses}) == "");
  BOOST_TEST(concerns({Stream().one().stop(), uses}) == "");
  BOOST_TEST(concerns({Stream(puts).stop(), Stream(puts).get(0).op(Op::append).stop()}) == "");
}

BOOST_AUTO_TEST_CASE(each_concern_is_told_once_for_a_symbol) {
  Stream many;
  for (int i = 0; i < 300; ++i) {
    many.global("m", "C" + std::to_string(i % 150)).op(Op::empty_dict).op(Op::build);
  }
  const std::string all = concerns(many.stop());
  BOOST_TEST(std::count(all.begin(), all.end(), 'c') == 100);
}

BOOST_AUTO_TEST_CASE(a_name_that_is_hidden_is_no_chance) {
  const auto hides = [](const Stream& stream) {
    Machine machine(Detail::symbols);
    TokenReader reader(machine, 0, {});
    reader.feed(stream.bytes());
    BOOST_TEST((reader.state() == TokenReader::State::failed));
    return machine.hides_name();
  };
  BOOST_TEST(hides(Stream().text("o s").text("system").stack_global()));
  BOOST_TEST(!hides(Stream().one().text("system").stack_global()));
}

BOOST_AUTO_TEST_SUITE_END()
