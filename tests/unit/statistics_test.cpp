#include "tensor/statistics.hpp"

#include <fmt/format.h>

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <cstring>
#include <limits>

#include "io/file.hpp"
#include "tensor/spelled_elements.hpp"

using namespace brine;

namespace {

std::string spelled(const std::optional<TensorStatistics::Number>& number) {
  if (!number) return "-";
  return std::visit([](auto value) { return fmt::format("{}", value); }, *number);
}

// `min max nans infinities zeros` of these elements.
std::string measured(const std::string& dtype, const std::string& elements,
                     std::uint64_t offset = 0) {
  BOOST_TEST(tensor::is_measurable(dtype), dtype);
  const io::MemoryFile payload(bytes_of(elements));
  const TensorInfo tensor{.path = {},
                          .dtype = dtype,
                          .shape = {},
                          .offset = offset,
                          .bytes = elements.size() - offset};
  const TensorStatistics found = tensor::measure(payload, tensor);
  return fmt::format("{} {} {} {} {}", spelled(found.min), spelled(found.max), found.nans,
                     found.infinities, found.zeros);
}

template <typename... Numbers>
std::string raw(Numbers... numbers) {
  std::string bytes;
  const auto add = [&](auto number) {
    bytes.append(reinterpret_cast<const char*>(&number), sizeof number);
  };
  (add(numbers), ...);
  return bytes;
}

template <typename Number>
constexpr Number inf = std::numeric_limits<Number>::infinity();
template <typename Number>
constexpr Number nan_of = std::numeric_limits<Number>::quiet_NaN();

}  // namespace

BOOST_AUTO_TEST_SUITE(statistics)

BOOST_AUTO_TEST_CASE(what_is_negated_has_the_other_signs) {
  const std::string elements = raw(-1.0F, 0.0F, 5.0F, inf<float>, nan_of<float>);
  const io::MemoryFile payload(bytes_of(elements));
  tensor::Tensor tensor(TensorInfo{
      .path = {}, .dtype = "float32", .shape = {5}, .offset = {}, .bytes = elements.size()});
  tensor.unordered = 0;
  for (const bool is_negated : {false, true}) {
    tensor.is_negated = is_negated;
    const TensorStatistics found = tensor::measure(payload, tensor);
    BOOST_TEST(spelled(found.min) == (is_negated ? "-5" : "-1"));
    BOOST_TEST(spelled(found.max) == (is_negated ? "1" : "5"));
    BOOST_TEST((found.nans == 1 && found.infinities == 1 && found.zeros == 1));
  }
  tensor.bytes = 0;
  BOOST_TEST(!tensor::measure(payload, tensor).min.has_value());
}

BOOST_AUTO_TEST_CASE(whole_numbers_are_exact_to_their_last_bit) {
  struct Row {
    std::string_view dtype;
    std::string elements;
    std::string_view told;
  };
  using Int64 = std::numeric_limits<std::int64_t>;
  const Row rows[] = {
      {"bool", raw(true, false, false), "0 1 0 0 2"},
      {"uint8", raw(std::uint8_t{255}, std::uint8_t{3}), "3 255 0 0 0"},
      {"int8", raw(std::int8_t{-128}, std::int8_t{0}), "-128 0 0 0 1"},
      {"uint16", raw(std::uint16_t{65535}), "65535 65535 0 0 0"},
      {"int16", raw(std::int16_t{-2}, std::int16_t{5}), "-2 5 0 0 0"},
      {"uint32", raw(0xffffffffU, 0U), "0 4294967295 0 0 1"},
      {"int32", raw(-7, 7), "-7 7 0 0 0"},
      {"int64", raw(Int64::min(), Int64::max()),
       "-9223372036854775808 9223372036854775807 0 0 0"},
      {"uint64", raw(~std::uint64_t{0}, std::uint64_t{1}), "1 18446744073709551615 0 0 0"},
      {"int32, big-endian", std::string("\0\0\0\x02\xff\xff\xff\xfe", 8), "-2 2 0 0 0"},
      {"qint8", raw(std::int8_t{-1}), "-1 -1 0 0 0"},
      {"int32", "", "- - 0 0 0"},
  };
  for (const Row& row : rows) {
    BOOST_TEST(measured(std::string(row.dtype), row.elements) == row.told, row.dtype);
  }
}

BOOST_AUTO_TEST_CASE(what_is_not_finite_is_counted_and_no_extreme) {
  BOOST_TEST(measured("float32", raw(1.5F, -2.0F, inf<float>, nan_of<float>, 0.0F, -0.0F)) ==
             "-2 1.5 1 1 2");
  BOOST_TEST(measured("float64", raw(inf<double>, -inf<double>, nan_of<double>)) == "- - 1 2 0");
  BOOST_TEST(measured("float64", raw(5e-324, -1.0)) == "-1 5e-324 0 0 0");
  BOOST_TEST(measured("float64, big-endian", std::string("\x3f\xf0\0\0\0\0\0\0", 8)) ==
             "1 1 0 0 0");
}

BOOST_AUTO_TEST_CASE(complex_numbers_have_no_order) {
  BOOST_TEST(measured("complex64", raw(1.0F, 0.0F, 0.0F, 0.0F, nan_of<float>, inf<float>,
                                       inf<float>, 2.0F)) == "- - 1 1 1");
  BOOST_TEST(measured("complex128", raw(0.0, -0.0)) == "- - 0 0 1");
}

// By the tables of the formats: OCP 8-bit floating point, revision 1.0, table 1; IEEE 754 for 16
// bits; torch's `fnuz` ones have their bias one higher and no number where -0 would be.
BOOST_AUTO_TEST_CASE(narrow_floats_are_read_by_their_formats) {
  struct Row {
    std::string_view dtype;
    std::string elements;
    std::string_view told;
  };
  const auto u16 = [](auto... bits) { return raw(static_cast<std::uint16_t>(bits)...); };
  const auto u8 = [](auto... bits) { return raw(static_cast<std::uint8_t>(bits)...); };
  const Row rows[] = {
      {"float16", u16(0x7bff, 0xfbff, 0x0000, 0x8000), "-65504 65504 0 0 2"},
      {"float16", u16(0x7c00, 0xfc00, 0x7e01, 0x0001), "5.9604645e-08 5.9604645e-08 1 2 0"},
      {"bfloat16", u16(0x3f80, 0xc000), "-2 1 0 0 0"},
      {"bfloat16", u16(0x7f80, 0x7fc0, 0x0080), "1.1754944e-38 1.1754944e-38 1 1 0"},
      {"float8_e4m3fn", u8(0x7e, 0xfe, 0x7f, 0xff, 0x00), "-448 448 2 0 1"},
      {"float8_e4m3fn", u8(0x01), "0.001953125 0.001953125 0 0 0"},
      {"float8_e5m2", u8(0x7b, 0x7c, 0xfc, 0x7d, 0x80), "-0 57344 1 2 1"},
      {"float8_e4m3fnuz", u8(0x80, 0x7f, 0x00), "0 240 1 0 1"},
      {"float8_e5m2fnuz", u8(0x80, 0x7f), "57344 57344 1 0 0"},
      {"bfloat16, big-endian", std::string("\x3f\x80", 2), "1 1 0 0 0"},
  };
  for (const Row& row : rows) {
    // Narrow numbers are told as doubles; their shortest spelling is that of a float.
    const std::string told = measured(std::string(row.dtype), row.elements);
    double want = 0;
    double have = 0;
    BOOST_TEST(std::sscanf(told.c_str(), "%lf", &have) == 1, told);
    BOOST_TEST(std::sscanf(std::string(row.told).c_str(), "%lf", &want) == 1);
    BOOST_TEST(have == want, boost::test_tools::tolerance(1e-6));
    BOOST_TEST(told.substr(told.size() - 6) == row.told.substr(row.told.size() - 6), told);
  }
}

BOOST_AUTO_TEST_CASE(pieces_and_places_do_not_matter) {
  std::string many;
  for (int i = 0; i < 700'001; ++i) many += raw(static_cast<float>(i % 1000 - 500));
  BOOST_TEST(measured("float32", many) == "-500 499 0 0 700");
  BOOST_TEST(measured("float32", "abc" + many, 3) == "-500 499 0 0 700");
}

BOOST_AUTO_TEST_CASE(elements_that_come_in_odd_pieces_are_whole_again) {
  std::string many;
  for (int i = 0; i < 700'001; ++i) many += raw(static_cast<float>(i % 1000 - 500));
  const auto found = tensor::measure("float32", [&](const tensor::UseElements& use) {
    for (std::size_t at = 0; at < many.size(); at += 999) use(bytes_of(many.substr(at, 999)));
  });
  BOOST_TEST(spelled(found.min) == "-500");
  BOOST_TEST(spelled(found.max) == "499");
  BOOST_TEST(found.zeros == 700U);
}

BOOST_AUTO_TEST_CASE(integers_of_quantised_tensors_are_told_as_raw) {
  const auto is_raw = [](std::string_view dtype) {
    return tensor::measure(dtype, [](const tensor::UseElements& use) { use(bytes_of("a")); })
        .is_raw;
  };
  BOOST_TEST(is_raw("quint8"));
  BOOST_TEST(!is_raw("uint8"));
}

BOOST_AUTO_TEST_CASE(elements_that_are_spelled_as_text_are_read_back) {
  const auto read = [](pickle::Op op, const std::string& text) {
    const io::MemoryFile payload(bytes_of(text));
    std::string all;
    const pickle::Node node{.op = op, .bytes = text.size()};
    const bool is_whole = tensor::each_spelled(
        payload, node, [&](ByteView piece) { all += text_of(piece); });
    return is_whole ? all : "none";
  };
  using pickle::Op;
  BOOST_TEST(read(Op::binunicode, "a\xc3\xa9\xc2\x80") == "a\xe9\x80");
  BOOST_TEST(read(Op::binunicode, "\xe2\x82\xac") == "none");
  BOOST_TEST(read(Op::unicode, "a\\u00e9") == "a\xe9");
  BOOST_TEST(read(Op::string, "'a\\xe9'") == "a\xe9");
  std::string many = "a";
  std::string wanted = "a";
  for (int i = 0; i < 1'000'000; ++i) many += "\xc3\xa9", wanted += '\xe9';
  BOOST_TEST((read(Op::binunicode, many) == wanted));
}

BOOST_AUTO_TEST_CASE(why_there_are_no_statistics_is_said) {
  const std::pair<std::string_view, std::string_view> all[] = {
      {"object", "objects"}, {"datetime64[ns]", "times"}, {"timedelta64", "times"},
      {"{a: int64}", "fields"}, {"S4", "text"}, {"U8", "text"}, {"V8", "bytes"},
      {"float128", "dtype"}};
  for (const auto& [dtype, why] : all) BOOST_TEST(tensor::why_unmeasured(dtype) == why, dtype);
}

BOOST_AUTO_TEST_CASE(what_is_no_number_cannot_be_measured) {
  for (const char* dtype : {"S4", "U8", "datetime64", "{a: int64}", "", "float4_e2m1fn_x2", "V8"}) {
    BOOST_TEST(!tensor::is_measurable(dtype), dtype);
  }
}

BOOST_AUTO_TEST_SUITE_END()
