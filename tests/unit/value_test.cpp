// Handles to Python's objects: made, asked, changed, compared, freed.
#include "brine/value.hpp"

#include <array>
#include <limits>
#include <thread>

#include "support/witness.hpp"
#include "value/dtype.hpp"

using namespace brine;
using brine::test::expect_error;
using brine::test::Witness;
using brine::test::witness;

namespace {

// One of each kind.
std::vector<Value> kinds() {
  static const std::array<float, 2> numbers{1, 2};
  const Value name = Value::symbol("m", "C");
  return {Value(),
          true,
          7,
          0.5,
          "text",
          Value::bytes(bytes_of("b")),
          Value::byte_array(bytes_of("b")),
          Value::list({1}),
          Value::tuple({1}),
          Value::dict({{"k", 1}}),
          Value::set({1}),
          Value::frozen_set({1}),
          Value::array(std::span(numbers), {2}),
          name,
          Value::instance(name, Value::tuple())};
}

constexpr std::size_t million = 1'000'000;

Value nested(std::size_t depth) {
  Value value = Value::list();
  for (std::size_t i = 0; i < depth; ++i) {
    switch (i % 3) {
      case 0:
        value = Value::list({std::move(value)});
        break;
      case 1:
        value = Value::tuple({std::move(value)});
        break;
      default:
        value = Value::dict({{"k", std::move(value)}});
    }
  }
  return value;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(handles)

BOOST_AUTO_TEST_CASE(every_kind_has_its_name_and_equals_itself_only) {
  const std::vector<Value> all = kinds();
  for (std::size_t i = 0; i < all.size(); ++i) {
    BOOST_TEST(static_cast<std::size_t>(all[i].kind()) == i);
    BOOST_TEST(!to_string(all[i].kind()).empty());
    for (std::size_t j = 0; j < all.size(); ++j) BOOST_TEST((all[i] == all[j]) == (i == j));
    BOOST_TEST((all[i] == kinds()[i]));
  }
}

BOOST_AUTO_TEST_CASE(numbers_keep_their_value_whatever_type_they_come_from) {
  const std::pair<Value, std::int64_t> vectors[] = {
      {0, 0},
      {-1, -1},
      {std::uint8_t{200}, 200},
      {std::int8_t{-128}, -128},
      {7U, 7},
      {std::size_t{9}, 9},
      {std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::min()},
      {Value::integer({}), 0},
  };
  for (const auto& [value, number] : vectors) {
    BOOST_TEST(value.integer() == number);
    BOOST_TEST((Value::integer(value.integer_bytes()) == value));
    BOOST_TEST(value.real() == static_cast<double>(number));
  }
  BOOST_TEST(Value(0.5F).real() == 0.5);
  BOOST_TEST(Value(false).boolean() == false);
}

BOOST_AUTO_TEST_CASE(integers_take_as_few_bytes_as_they_can) {
  const std::pair<std::int64_t, std::size_t> vectors[] = {
      {0, 1},   {127, 1},   {128, 2},   {-128, 1},   {-129, 2},
      {255, 2}, {32767, 2}, {32768, 3}, {-32768, 2}, {std::numeric_limits<std::int64_t>::max(), 8},
  };
  for (const auto& [number, size] : vectors) {
    BOOST_TEST(Value(number).integer_bytes().size() == size);
  }
  const Value large = std::numeric_limits<std::uint64_t>::max();
  BOOST_TEST(large.integer_bytes().size() == 9U);
  BOOST_TEST((Value::integer(large.integer_bytes()) == large));
  expect_error(Errc::usage, "at most 8 bytes, found one of 9", [&] { large.integer(); });
  const std::array<std::byte, 12> padded{std::byte{5}};
  BOOST_TEST(Value::integer(padded).integer() == 5);
}

BOOST_AUTO_TEST_CASE(a_wrong_question_names_both_kinds) {
  const Value text = "text";
  const Value list = Value::list();
  const Value dict = Value::dict();
  expect_error(Errc::usage, "expected bool, found str", [&] { text.boolean(); });
  expect_error(Errc::usage, "expected int, found str", [&] { text.integer(); });
  expect_error(Errc::usage, "expected int, found str", [&] { text.integer_bytes(); });
  expect_error(Errc::usage, "expected float, found str", [&] { text.real(); });
  expect_error(Errc::usage, "expected str, found list", [&] { list.text(); });
  expect_error(Errc::usage, "expected bytes, found list", [&] { list.bytes(); });
  expect_error(Errc::usage, "expected symbol, found list", [&] { list.symbol(); });
  expect_error(Errc::usage, "expected array, found list", [&] { list.array<float>(); });
  expect_error(Errc::usage, "expected array, found list", [&] { list.array_view(); });
  expect_error(Errc::usage, "expected list, found dict", [&] { dict.items(); });
  expect_error(Errc::usage, "expected dict, found list", [&] { list.pairs(); });
  expect_error(Errc::usage, "expected instance, found dict", [&] { dict.callable(); });
  expect_error(Errc::usage, "expected instance, found dict", [&] { dict.arguments(); });
  expect_error(Errc::usage, "expected instance, found dict", [&] { dict.form(); });
  expect_error(Errc::usage, "expected instance, found dict", [&] { dict.state(); });
  expect_error(Errc::usage, "expected list, found str", [&] { Value("t").size(); });
}

BOOST_AUTO_TEST_CASE(a_wrong_change_is_told_and_changes_nothing) {
  for (Value value : kinds()) {
    const Value before = value;
    const Kind kind = value.kind();
    const bool takes = kind == Kind::instance;
    if (!takes && kind != Kind::list && kind != Kind::set) {
      expect_error(Errc::usage, "cannot take an item", [&] { value.append(1); });
    }
    if (!takes && kind != Kind::dict) {
      expect_error(Errc::usage, "cannot take a pair", [&] { value.set("a", 1); });
    }
    if (!takes) expect_error(Errc::usage, "cannot take a state", [&] { value.set_state(1); });
    BOOST_TEST((value == before));
  }
  expect_error(Errc::usage, "list cannot be the arguments",
               [] { Value::instance(Value::symbol("m", "C"), Value::list()); });
  expect_error(Errc::usage, "tuple cannot be the arguments",
               [] { Value::instance(Value::symbol("m", "C"), Value::tuple({1}), Form::new_ex); });
}

BOOST_AUTO_TEST_CASE(lookups_go_down_and_name_their_path) {
  const std::array<float, 3> weights{1, 2, 3};
  Value object = Value::instance(Value::symbol("m", "C"), Value::tuple());
  object.set_state(Value::tuple({Value(), Value::dict({{"slot", 5}})}));
  const Value value = Value::dict({
      {"model", Value::dict({{"layers", Value::list({Value::dict(
                                            {{"w", Value::array(std::span(weights), {3})}})})}})},
      {"text", "words"},
      {12, "twelve"},
      {"object", object},
  });
  BOOST_TEST(value["model"]["layers"][0]["w"].array<float>()[2] == 3);
  BOOST_TEST(value["model"]["layers"][0]["w"].path() == "model.layers[0].w");
  BOOST_TEST(value["text"].text() == "words");
  BOOST_TEST(value[12].text() == "twelve");
  BOOST_TEST(value["object"]["slot"].integer() == 5);
  BOOST_TEST(value["model"]["layers"].size() == 1U);
  BOOST_TEST(value["model"]["layers"].items().size() == 1U);
  BOOST_TEST(value["model"].pairs().size() == 1U);
  BOOST_TEST((value["model"]["layers"].kind() == Kind::list));
  BOOST_TEST(value["model"]->size() == 1U);
  expect_error(Errc::usage, "model.layers[0].w: expected array of <f8, found array of <f4",
               [&] { value["model"]["layers"][0]["w"].array<double>(); });
  expect_error(Errc::usage, "text: expected int, found str", [&] { value["text"].integer(); });
  expect_error(Errc::usage, "text: expected bool, found str", [&] { value["text"].boolean(); });
  expect_error(Errc::usage, "text: expected float, found str", [&] { value["text"].real(); });
  expect_error(Errc::usage, "model: expected str, found dict", [&] { value["model"].text(); });
  expect_error(Errc::usage, "model: expected bytes, found dict", [&] { value["model"].bytes(); });
  expect_error(Errc::usage, "model: expected symbol, found", [&] { value["model"].symbol(); });
  expect_error(Errc::usage, "model: expected array, found", [&] { value["model"].array_view(); });
  expect_error(Errc::usage, "model: there is no model.lawyers", [&] { value["model"]["lawyers"]; });
  expect_error(Errc::usage, "there is no model.layers[1]", [&] { value["model"]["layers"][1]; });
  expect_error(Errc::usage, "there is no model.layers[-1]", [&] { value["model"]["layers"][-1]; });
  expect_error(Errc::usage, "text: expected dict, found str", [&] { value["text"]["more"]; });
  expect_error(Errc::usage, "text: expected list, found str", [&] { value["text"][0]; });
}

BOOST_AUTO_TEST_CASE(a_near_miss_is_hinted_at) {
  const Value value = Value::dict({{"weights", 1}, {"bias", 2}, {3, 4}});
  try {
    value["wieghts"];
    BOOST_ERROR("nothing was thrown");
  } catch (const Error& error) {
    BOOST_TEST(error.hint() == "did you mean weights?");
  }
}

BOOST_AUTO_TEST_CASE(a_dict_keeps_its_order_and_the_last_of_equal_keys) {
  for (const std::size_t count : {3U, 8U, 9U, 10U, 1000U}) {
    Value dict = Value::dict();
    for (std::size_t i = 0; i < count; ++i) {
      dict.set("key " + std::to_string(i), i);
      dict.set(i, i + 1);
      dict.set(Value::tuple({i}), i + 2);
    }
    for (std::size_t i = 0; i < count; ++i) dict.set("key " + std::to_string(i), 10 * i);
    BOOST_TEST(dict.size() == 3 * count);
    for (std::size_t i = 0; i < count; ++i) {
      BOOST_TEST(dict["key " + std::to_string(i)].integer() == static_cast<std::int64_t>(10 * i));
      BOOST_TEST(dict[static_cast<std::int64_t>(i)].integer() == static_cast<std::int64_t>(i + 1));
      BOOST_TEST(dict.pairs()[3 * i].first.text() == "key " + std::to_string(i));
    }
    BOOST_TEST(dict.find("other") == nullptr);
    BOOST_TEST(dict.find(-1) == nullptr);
  }
}

BOOST_AUTO_TEST_CASE(arrays_borrow_or_own_and_never_copy) {
  std::vector<float> numbers{1, 2, 3, 4, 5, 6};
  const float* const address = numbers.data();
  const Value borrowed = Value::array(std::span(numbers), {2, 3});
  BOOST_TEST(borrowed.array<float>().data() == address);
  BOOST_TEST(borrowed.size() == 2U);
  numbers[0] = 9;
  BOOST_TEST(borrowed.array<float>()[0] == 9);
  const Value owned = Value::array(std::move(numbers), {3, 2}, Order::columns);
  BOOST_TEST(owned.array<float>().data() == address);
  BOOST_TEST((owned.array_view().order == Order::columns));
  BOOST_TEST(owned.array_view().dtype == "<f4");
  BOOST_TEST((owned != borrowed));
  const Witness one = witness();
  BOOST_TEST(!one.alive.expired());
}

BOOST_AUTO_TEST_CASE(every_type_of_number_has_its_dtype) {
  const std::pair<std::string_view, std::string_view> vectors[] = {
      {dtype_of<bool>(), "|b1"},
      {dtype_of<std::int8_t>(), "|i1"},
      {dtype_of<std::uint8_t>(), "|u1"},
      {dtype_of<std::int16_t>(), "<i2"},
      {dtype_of<std::uint16_t>(), "<u2"},
      {dtype_of<std::int32_t>(), "<i4"},
      {dtype_of<std::uint32_t>(), "<u4"},
      {dtype_of<std::int64_t>(), "<i8"},
      {dtype_of<std::uint64_t>(), "<u8"},
      {dtype_of<float>(), "<f4"},
      {dtype_of<double>(), "<f8"},
      {dtype_of<std::complex<float>>(), "<c8"},
      {dtype_of<std::complex<double>>(), "<c16"},
  };
  for (const auto& [found, wanted] : vectors) {
    BOOST_TEST(found == wanted);
    BOOST_TEST(value::parse_dtype(found).has_value());
  }
}

BOOST_AUTO_TEST_CASE(only_plain_dtypes_are_taken) {
  for (const std::string_view good : {"<U12", "|S3", "|V5", ">f8", "<f16", "<c32", "<f2"}) {
    BOOST_TEST(value::parse_dtype(good).has_value(), good);
  }
  BOOST_TEST(value::parse_dtype("<U12")->item_bytes == 48U);
  for (const std::string_view bad :
       {"",     "<",   "f4",      "<f",   "<f3",    "<f44", "=f4",
        "|f4",  "<i1", "<u1",     "|i2",  "<S3",    "|U3",  "|S0",
        "<f04", "|O8", "<M8[ns]", "<f4 ", "<f8 16", "|V-1", "|V99999999999"}) {
    BOOST_TEST(!value::parse_dtype(bad).has_value(), bad);
    expect_error(Errc::usage, "is no plain dtype", [&] { Value::array(bad, {}, {}, nullptr); });
  }
}

BOOST_AUTO_TEST_CASE(an_array_must_be_as_large_as_its_shape) {
  const std::array<std::byte, 8> bytes{};
  const auto make = [&](Shape shape, std::string_view dtype = "<f4") {
    return Value::array(dtype, std::move(shape), bytes, nullptr);
  };
  BOOST_TEST(make({2}).array<float>().size() == 2U);
  BOOST_TEST(make({1, 2, 1}).array<float>().size() == 2U);
  BOOST_TEST(make({}, "<f8").array<double>().size() == 1U);
  expect_error(Errc::usage, "expected array of one extent", [&] { make({}, "<f8").size(); });
  expect_error(Errc::usage, "3 elements of <f4", [&] { make({3}); });
  expect_error(Errc::usage, "0 elements of <f4", [&] { make({0, ~0ULL}); });
  expect_error(Errc::usage, "can be counted", [&] { make({1ULL << 40, 1ULL << 40}); });
  expect_error(Errc::usage, "8 bytes", [&] { make({2}, "|V3"); });
  const ByteView odd = ByteView(bytes).subspan(1, 4);
  const Value unaligned = Value::array("<f4", {1}, odd, nullptr);
  expect_error(Errc::usage, "not aligned", [&] { unaligned.array<float>(); });
}

BOOST_AUTO_TEST_CASE(handles_lead_to_one_object) {
  Value list = Value::list();
  const Value other = list;
  list.append(1);
  BOOST_TEST(other.size() == 1U);
  BOOST_TEST(list.same_object(other));
  BOOST_TEST(!list.same_object(Value::list({1})));
  BOOST_TEST(!Value(1).same_object(Value(1)));
  BOOST_TEST(Value(1).identity() == nullptr);
  Value moved = std::move(list);
  BOOST_TEST(list.is_none());
  moved = moved;
  BOOST_TEST(moved.size() == 1U);
  list = other;
  list = Value(2);
  BOOST_TEST(list.integer() == 2);
  BOOST_TEST(other.items()[0].integer() == 1);
}

BOOST_AUTO_TEST_CASE(equality_looks_at_contents_and_order) {
  BOOST_TEST((Value(1) != Value(1.0)));
  BOOST_TEST((Value(1) != Value(true)));
  BOOST_TEST((Value(0.0) != Value(-0.0)));
  const double nan = std::numeric_limits<double>::quiet_NaN();
  BOOST_TEST((Value(nan) == Value(nan)));
  BOOST_TEST((Value::dict({{1, 2}, {3, 4}}) != Value::dict({{3, 4}, {1, 2}})));
  BOOST_TEST((Value::list({1, 2}) != Value::list({1})));
  BOOST_TEST((Value::dict({{1, 2}}) != Value::dict()));
  const Value name = Value::symbol("m", "C");
  Value left = Value::instance(name, Value::tuple());
  Value right = Value::instance(name, Value::tuple());
  BOOST_TEST((left == right));
  left.set_state(1);
  BOOST_TEST((left != right));
  right.set_state(1);
  left.append(1);
  BOOST_TEST((left != right));
  right.append(1);
  left.set("a", 1);
  BOOST_TEST((left != right));
  right.set("a", 1);
  BOOST_TEST((left == right));
  BOOST_TEST((left != Value::instance(name, Value::tuple(), Form::call)));
}

BOOST_AUTO_TEST_CASE(a_million_levels_are_compared_and_freed) {
  const Value one = nested(million);
  const Value two = nested(million);
  BOOST_TEST((one == two));
  BOOST_TEST((one != nested(million - 3)));
}

BOOST_AUTO_TEST_CASE(handles_are_copied_and_dropped_by_many_threads) {
  Witness one = witness();
  {
    const Value shared = Value::list({Value::dict({{"held", std::move(one.value)}})});
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([copy = shared] {
        for (int round = 0; round < 10'000; ++round) {
          const Value inner = copy.items()[0];
          if (inner.size() != 1) std::abort();
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
  }
  BOOST_TEST(one.alive.expired());
}

BOOST_AUTO_TEST_SUITE_END()
