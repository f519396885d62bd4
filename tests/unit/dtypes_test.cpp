// What the state of a numpy dtype may say.
#include <fmt/format.h>

#include "pickle/machine.hpp"
#include "support/expect.hpp"
#include "support/opcodes.hpp"

using namespace brine;
using namespace brine::pickle;
using brine::test::Stream;

namespace {

std::string concerns(const Stream& stream) {
  Machine machine(Detail::symbols);
  machine.begin();
  TokenReader reader(machine, 0, {});
  reader.feed(stream.bytes());
  BOOST_TEST((reader.state() == TokenReader::State::stopped), reader.reason());
  std::string all;
  for (const Concern& concern : machine.concerns()) {
    switch (concern.kind) {
      case Concern::Kind::forged_objects: all += "forged "; break;
      case Concern::Kind::believed_dtype: all += "believed "; break;
      case Concern::Kind::short_array: all += "short "; break;
      case Concern::Kind::late_state: all += "late "; break;
      default: all += "? ";
    }
    if (concern.kind == Concern::Kind::late_state) continue;
    BOOST_TEST(machine.symbols()[*concern.symbol].symbol.name == "dtype");
  }
  return all;
}

Stream number(int value) {
  return Stream().op(Op::binint, static_cast<std::uint32_t>(value), 4);
}

// numpy.dtype(CODE, False, True), as numpy writes it.
Stream dtype(std::string_view code) {
  return Stream().global("numpy", "dtype").text(code).op(Op::newfalse).op(Op::newtrue)
                 .op(Op::tuple3).op(Op::reduce);
}

struct State {
  Stream names = Stream().op(Op::none);
  Stream fields = Stream().op(Op::none);
  int width = -1;
  int flags = 0;
  Stream subtype = Stream().op(Op::none);
};

// (3, ORDER, SUBTYPE, NAMES, FIELDS, WIDTH, ALIGNMENT, FLAGS)
Stream state(const State& wanted) {
  return Stream().mark().op(Op::binint1, 3, 1).text("|").raw(wanted.subtype.str())
                 .raw(wanted.names.str()).raw(wanted.fields.str()).raw(number(wanted.width).str())
                 .raw(number(-1).str()).raw(number(wanted.flags).str()).op(Op::tuple);
}

Stream built(const Stream& object, const Stream& with) {
  return Stream(object).raw(with.str()).op(Op::build).stop();
}

std::string judged(std::string_view code, const State& wanted) {
  return concerns(built(dtype(code), state(wanted)));
}

struct Field {
  std::string_view name;
  std::string_view code;
  int offset = 0;
};

// What each field is made of, and the dict of all.
Stream fields(const std::vector<Field>& wanted) {
  Stream stream = Stream().op(Op::empty_dict).memo().mark();
  for (const Field& field : wanted) {
    stream.text(field.name).raw(dtype(field.code).str()).raw(number(field.offset).str());
    stream.op(Op::tuple2);
  }
  return stream.op(Op::setitems);
}

Stream names(const std::vector<std::string_view>& wanted) {
  Stream stream = Stream().mark();
  for (const std::string_view name : wanted) stream.text(name);
  return stream.op(Op::tuple);
}

State structure(const std::vector<Field>& wanted, int width) {
  std::vector<std::string_view> all;
  for (const Field& field : wanted) all.push_back(field.name);
  return {.names = names(all), .fields = fields(wanted), .width = width, .flags = 16};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(dtypes)

BOOST_AUTO_TEST_CASE(dtypes_as_numpy_writes_them_are_no_concern) {
  struct Row {
    std::string_view code;
    int width = -1;
    int flags = 0;
  };
  const Row rows[] = {{"f8"}, {"i4"}, {"b1"}, {"M8"}, {"|b1"}, {"?"}, {"c16"}, {"S3", 3},
                      {"V8", 8}, {"<U12", 48, 8}, {"U5", 20}, {"O8", -1, 63}, {"|O", -1, 63}};
  for (const Row& row : rows) {
    BOOST_TEST(judged(row.code, {.width = row.width, .flags = row.flags}) == "", row.code);
  }
  BOOST_TEST(concerns(Stream(dtype("V8")).stop()) == "");
}

BOOST_AUTO_TEST_CASE(flags_that_lie_are_told) {
  // An object dtype without LIST_PICKLE takes bytes for pointers; a number with it is written over
  // by the objects of a list.
  for (const int flags : {0, 1, 2, 61, 62, 127}) {
    BOOST_TEST(judged("O8", {.flags = flags}) == "forged ", flags);
  }
  for (const int flags : {1, 2, 4, 32, 63, 64, -112}) {
    BOOST_TEST(judged("f8", {.flags = flags}) == "believed ", flags);
    BOOST_TEST(judged("S1", {.width = 1, .flags = flags}) == "believed ", flags);
  }
}

BOOST_AUTO_TEST_CASE(states_that_numpy_would_have_to_believe_are_told) {
  BOOST_TEST(judged("S3", {.width = 4}) == "believed ");
  BOOST_TEST(judged("V8", {.width = 1 << 30}) == "believed ");
  BOOST_TEST(judged("V8", {}) == "believed ");
  BOOST_TEST(judged("mystery", {.flags = 63}) == "believed ");
  BOOST_TEST(judged("f99999999999", {}) == "believed ");
  BOOST_TEST(judged("U536870911", {.width = 1}) == "believed ");
  BOOST_TEST(judged("f8", {.subtype = Stream().one()}) == "believed ");
  BOOST_TEST(judged("f8", {.names = names({"a"})}) == "believed ");
  BOOST_TEST(concerns(built(dtype("O8"), Stream().one())) == "believed ");
  BOOST_TEST(concerns(built(dtype("O8"), Stream().op(Op::empty_tuple))) == "believed ");
  const Stream from_number = Stream().global("numpy", "dtype").one().op(Op::tuple1).op(Op::reduce);
  BOOST_TEST(concerns(built(from_number, state({}))) == "believed ");
}

// As Python 2 wrote them into protocol 0.
BOOST_AUTO_TEST_CASE(flags_that_are_spelled_out_are_read) {
  const auto with_flags = [](Op op, std::string_view spelled) {
    const Stream minus = Stream().line(Op::int_, "-1");
    return built(dtype("O8"), Stream().mark().line(Op::int_, "3").line(Op::string, "'|'")
                                      .op(Op::none).op(Op::none).op(Op::none).raw(minus.str())
                                      .raw(minus.str()).line(op, spelled).op(Op::tuple));
  };
  BOOST_TEST(concerns(with_flags(Op::int_, "63")) == "");
  BOOST_TEST(concerns(with_flags(Op::long_, "63L")) == "");
  BOOST_TEST(concerns(with_flags(Op::int_, "62")) == "forged ");
  BOOST_TEST(concerns(with_flags(Op::long_, "62L")) == "forged ");
  BOOST_TEST(concerns(with_flags(Op::long_, "4294967359L")) == "believed ");
}

BOOST_AUTO_TEST_CASE(a_dtype_from_the_memo_is_the_same_dtype) {
  const Stream again = Stream(dtype("O8")).memo().op(Op::pop).get(0);
  BOOST_TEST(concerns(built(again, state({}))) == "late forged ");
}

BOOST_AUTO_TEST_CASE(fields_that_lie_inside_are_no_concern) {
  BOOST_TEST(judged("V16", structure({{"a", "i8", 0}, {"b", "f8", 8}}, 16)) == "");
  BOOST_TEST(judged("V5", structure({{"a", "i1", 0}, {"b", "f4", 1}}, 5)) == "");
  BOOST_TEST(judged("V12", structure({{"text", "U3", 0}}, 12)) == "");
  BOOST_TEST(judged("V16", structure({{"gap", "V4", 12}}, 16)) == "");
}

BOOST_AUTO_TEST_CASE(records_and_aligned_structures_are_as_numpy_writes_them) {
  const State two = structure({{"a", "i4", 0}, {"b", "f8", 4}}, 12);
  const auto made = [](std::string_view name) {
    return Stream().global("numpy", "dtype").global("numpy", name).op(Op::newfalse)
        .op(Op::newtrue).op(Op::tuple3).op(Op::reduce);
  };
  BOOST_TEST(concerns(built(made("record"), state(two))) == "");
  BOOST_TEST(concerns(built(made("ndarray"), state(two))) == "believed ");
  BOOST_TEST(concerns(built(made("record"), state(structure({{"a", "i8", 0}}, 7)))) ==
             "believed ");
  State aligned = structure({{"a", "i1", 0}, {"b", "f8", 8}}, 16);
  aligned.flags = 144;
  BOOST_TEST(judged("V16", aligned) == "");
}

BOOST_AUTO_TEST_CASE(a_title_of_a_field_is_a_text) {
  const auto titled = [](const Stream& title) {
    Stream rows = Stream().op(Op::empty_dict).text("a").raw(dtype("i4").str()).raw(number(0).str());
    rows.raw(title.str()).op(Op::tuple3).op(Op::setitem);
    return State{.names = names({"a"}), .fields = rows, .width = 4, .flags = 16};
  };
  BOOST_TEST(judged("V4", titled(Stream().text("A"))) == "");
  BOOST_TEST(judged("V4", titled(Stream().global("m", "C"))) == "believed ");
}

BOOST_AUTO_TEST_CASE(an_array_as_an_element_fills_it) {
  const auto sub = [](std::string_view code, int length, int width) {
    Stream pair = dtype(code).raw(number(length).str()).op(Op::binint1, 2, 1).op(Op::tuple2)
                      .op(Op::tuple2);
    return State{.width = width, .flags = 0, .subtype = pair};
  };
  BOOST_TEST(judged("V16", sub("f4", 2, 16)) == "");
  BOOST_TEST(judged("V16", sub("V4", 2, 16)) == "");
  BOOST_TEST(judged("V16", sub("f4", 3, 16)) == "believed ");
  BOOST_TEST(judged("V16", sub("O4", 2, 16)) == "believed ");
  BOOST_TEST(judged("V16", sub("f4", 2, 17)) == "believed ");
  BOOST_TEST(judged("f8", sub("f4", 1, 8)) == "believed ");
}

BOOST_AUTO_TEST_CASE(fields_that_do_not_are_told) {
  const State rows[] = {
      structure({{"a", "i8", 9}}, 16),
      structure({{"a", "i8", -1}}, 16),
      structure({{"a", "O8", 0}}, 16),
      structure({{"a", "f", 0}}, 16),
      structure({{"a", "i8", 0}}, 17),
      {.names = names({"a", "b"}), .fields = fields({{"a", "i8", 0}}), .width = 16, .flags = 16},
      {.names = names({"a"}), .fields = fields({}), .width = 16, .flags = 16},
      {.names = names({}), .fields = fields({{"a", "i8", 0}}), .width = 16, .flags = 16},
      {.names = names({"a"}), .fields = fields({{"a", "i8", 0}}), .width = 16, .flags = 27},
      {.fields = fields({{"a", "i8", 0}}), .width = 16, .flags = 16},
      {.names = names({"a"}), .width = 16, .flags = 16},
  };
  for (const State& row : rows) BOOST_TEST(judged("V16", row) == "believed ");
  BOOST_TEST(judged("S16", structure({{"a", "i8", 0}}, 16)) == "believed ");
  BOOST_TEST(judged("O16", structure({{"a", "i8", 0}}, 16)) == "believed ");
}

// numpy keeps the dict itself: who changes it later changes the dtype.
BOOST_AUTO_TEST_CASE(fields_may_not_change_afterwards) {
  const State sound = structure({{"a", "i8", 0}}, 8);
  const Stream made = Stream(dtype("V8")).raw(state(sound).str()).op(Op::build);
  BOOST_TEST(concerns(Stream(made).stop()) == "");
  BOOST_TEST(concerns(Stream(made).get(0).text("b").one().op(Op::setitem).stop()) == "believed ");
  BOOST_TEST(concerns(Stream(made).get(0).op(Op::tuple1).stop()) == "believed ");
  // Held by something else beforehand, which may pass changes on.
  const Stream held = Stream(state(sound)).get(0).op(Op::tuple1).op(Op::pop);
  BOOST_TEST(concerns(Stream(dtype("V8")).raw(held.str()).op(Op::build).stop()) == "believed ");
  const Stream other = Stream().op(Op::empty_dict).text("b").one().op(Op::setitem);
  BOOST_TEST(concerns(Stream(made).raw(other.str()).op(Op::tuple2).stop()) == "");
}

BOOST_AUTO_TEST_CASE(a_dict_that_nobody_remembers_is_not_believed) {
  // Names, then more than what is kept, then the fields from the memo.
  Stream stream = Stream(fields({{"a", "i8", 0}})).op(Op::pop);
  for (int i = 0; i < 300; ++i) stream.op(Op::empty_tuple).op(Op::pop);
  const State late{.names = names({"a"}), .fields = Stream().get(0), .width = 8, .flags = 16};
  stream.raw(dtype("V8").str()).raw(state(late).str()).op(Op::build).stop();
  BOOST_TEST(concerns(stream) == "believed ");
  std::vector<Field> many(33, Field{"a", "i1", 0});
  BOOST_TEST(judged("V8", structure(many, 8)) == "believed ");
}

// (1, SHAPE, DTYPE, False, OBJECTS)
Stream state_of(std::string_view code, std::initializer_list<int> shape, const Stream& objects) {
  Stream stream = Stream().mark().one().mark();
  for (const int extent : shape) stream.raw(number(extent).str());
  stream.op(Op::tuple).raw(dtype(code).str()).op(Op::newfalse).raw(objects.str());
  return stream.op(Op::tuple).stop();
}

Stream list_of(int length) {
  Stream stream = Stream().op(Op::empty_list).mark();
  for (int i = 0; i < length; ++i) stream.op(Op::none);
  return stream.op(Op::appends);
}

BOOST_AUTO_TEST_CASE(objects_that_fill_their_shape_are_no_concern) {
  BOOST_TEST(concerns(state_of("O8", {3}, list_of(3))) == "");
  BOOST_TEST(concerns(state_of("O8", {2, 3}, list_of(6))) == "");
  BOOST_TEST(concerns(state_of("O8", {}, list_of(1))) == "");
  BOOST_TEST(concerns(state_of("O8", {7, 0}, list_of(0))) == "");
  BOOST_TEST(concerns(state_of("O8", {2}, Stream().mark().one().one().op(Op::list))) == "");
  BOOST_TEST(concerns(state_of("f8", {3}, list_of(0))) == "");
  BOOST_TEST(concerns(state_of("O8", {3}, Stream().op(Op::short_binbytes, "x", 1))) == "");
  // Made meanwhile: what an object array of arrays has.
  Stream many = Stream().op(Op::empty_list).mark();
  for (int i = 0; i < 1000; ++i) many.op(Op::empty_tuple);
  BOOST_TEST(concerns(state_of("O8", {1000}, many.op(Op::appends))) == "");
}

// numpy reads the list to the end of the shape, whatever its length.
BOOST_AUTO_TEST_CASE(objects_that_do_not_fill_their_shape_are_told) {
  BOOST_TEST(concerns(state_of("O8", {4}, list_of(3))) == "short ");
  BOOST_TEST(concerns(state_of("O8", {1 << 30, 1 << 30}, list_of(3))) == "short ");
  BOOST_TEST(concerns(state_of("O8", {-1}, list_of(3))) == "short ");
  BOOST_TEST(concerns(state_of("mystery", {4}, list_of(3))) == "short ");
  const Stream made = Stream().global("builtins", "list").op(Op::empty_tuple).op(Op::reduce);
  BOOST_TEST(concerns(state_of("O8", {0}, made)) == "short ");
}

BOOST_AUTO_TEST_SUITE_END()
BOOST_AUTO_TEST_SUITE(recent)

BOOST_AUTO_TEST_CASE(what_was_made_last_is_known) {
  Recent all;
  const Abstract one = of_number(1);
  const std::vector<Abstract> pair{one, one};
  const std::uint32_t first = all.add(pair);
  BOOST_TEST(all.items(first)->size() == 2U);
  BOOST_TEST(all.append(first, pair));
  BOOST_TEST(all.items(first)->size() == 4U);
  BOOST_TEST(!all.items(0));
  BOOST_TEST(!all.items(first + 1));
  BOOST_TEST(!all.items(all.add(std::vector<Abstract>(65, one))));
  for (int i = 0; i < 256; ++i) all.add({});
  BOOST_TEST(!all.items(first));
}

BOOST_AUTO_TEST_CASE(lengths_and_products_are_known_for_longer) {
  Recent all;
  const std::uint32_t list = all.add_list(2);
  all.lengthen(list, 3);
  const std::uint32_t shape = all.add(std::vector<Abstract>{of_number(6), of_number(7)});
  const std::uint32_t unknown = all.add(std::vector<Abstract>{of_number(std::nullopt)});
  for (int i = 0; i < 1000; ++i) all.add({});
  BOOST_TEST((all.count(list) == 5U));
  BOOST_TEST((all.count(shape) == 42U));
  BOOST_TEST((all.count(all.add({})) == 1U));
  BOOST_TEST(!all.count(unknown));
  BOOST_TEST(!all.count(0));
  for (int i = 0; i < 1 << 16; ++i) all.add_list(0);
  BOOST_TEST(!all.count(list));
}

BOOST_AUTO_TEST_CASE(what_is_sealed_stays_so) {
  Recent all;
  const std::uint32_t fields = all.add({});
  BOOST_TEST(all.use(fields));
  BOOST_TEST(all.seal(fields));
  BOOST_TEST(all.seal(fields));
  for (int i = 0; i < 300; ++i) all.add({});
  BOOST_TEST(!all.append(fields, {}));
  BOOST_TEST(!all.use(fields));
  BOOST_TEST(!all.seal(all.add({}) - 256));  // forgotten
  for (int i = 0; i < 4095; ++i) BOOST_TEST(all.seal(all.add({})));
  BOOST_TEST(!all.seal(all.add({})));
}

BOOST_AUTO_TEST_SUITE_END()
