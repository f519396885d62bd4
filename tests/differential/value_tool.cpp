// Values between C++ and Python, for a test to compare. Not installed.
//
// usage: value_tool again PROTOCOL FILE OUT    decodes and encodes each of many pickles
//        value_tool twice FILE                 decodes each two times, and compares
//        value_tool stable FILE                decodes one bare pickle, and what it is encoded to
//        value_tool sample PROTOCOL OUT        writes one value that C++ made
//
// FILE and OUT hold pickles, each behind its length in 4 bytes, if not said otherwise.
#include <fmt/format.h>

#include <array>
#include <fstream>
#include <functional>
#include <iterator>
#include <limits>

#include "base/arithmetic.hpp"
#include "brine/value.hpp"

using namespace brine;

namespace {

std::string read_file(const char* path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) throw Error(Errc::not_found, fmt::format("{} cannot be read", path));
  return {std::istreambuf_iterator<char>(in), {}};
}

void each_pickle(const std::string& file, const std::function<void(ByteView)>& body) {
  ByteView rest = bytes_of(file);
  while (rest.size() >= 4) {
    const auto size = static_cast<std::size_t>(base::little_endian(rest.data(), 4));
    body(rest.subspan(4, size));
    rest = rest.subspan(4 + size);
  }
}

void append(std::ofstream& out, const Value& value, int protocol) {
  const Bytes bytes = encode(value, {.protocol = protocol});
  std::array<std::byte, 4> length{};
  base::put_little_endian(length.data(), bytes.size(), 4);
  out << text_of(length) << text_of(bytes);
}

// What test_value.py spells in Python.
Value sample() {
  static const std::array<float, 6> floats{0, 1, 2, 3, 4, 5};
  static const std::array<std::uint8_t, 3> letters{'a', 'b', 'c'};
  const Value shared = Value::array(std::span(floats), {2, 3});
  Value nest = Value::list({1, 2});
  nest.append(nest);
  const std::array<std::byte, 11> huge{std::byte{1},   {}, {}, {}, {}, {}, {}, {}, {}, {},
                                       std::byte{0x80}};
  Value object =
      Value::instance(Value::symbol("collections", "OrderedDict"), Value::tuple(), Form::call);
  object.set("first", 1);
  object.set("second", shared);
  return Value::dict({
      {"epoch", 3},
      {"loss", 0.25},
      {"done", true},
      {"nothing", Value()},
      {"large", std::numeric_limits<std::uint64_t>::max()},
      {"small", std::numeric_limits<std::int64_t>::min()},
      {"huge", Value::integer(huge)},
      {"text", "gr\xc3\xbc\xc3\x9f"},
      {"bytes", Value::bytes(bytes_of("\xff\x01 raw"))},
      {"bytearray", Value::byte_array(bytes_of("abc"))},
      {"tuple", Value::tuple({1, Value::tuple(), "x"})},
      {"set", Value::set({1, 2})},
      {"frozenset", Value::frozen_set({"a"})},
      {7, "seven"},
      {Value::tuple({1, 2}), "key"},
      {"weights", shared},
      {"columns", Value::array(std::vector<double>{1, 2, 3, 4}, {2, 2}, Order::columns)},
      {"fixed", Value::array("|S3", {1}, std::as_bytes(std::span(letters)), nullptr)},
      {"scalar", Value::array(std::vector<std::int64_t>{-5}, {})},
      {"empty", Value::array(std::vector<float>{}, {0, 3})},
      {"nest", nest},
      {"object", object},
      {"class", Value::symbol("fractions", "Fraction")},
      {"fraction",
       Value::instance(Value::symbol("fractions", "Fraction"), Value::tuple({1, 3}), Form::call)},
  });
}

int run(int count, char** words) {
  const std::string_view command = count > 1 ? words[1] : "";
  if (command == "again" && count == 5) {
    std::ofstream out(words[4], std::ios::binary);
    each_pickle(read_file(words[3]),
                [&](ByteView pickle) { append(out, decode(pickle), std::stoi(words[2])); });
  } else if (command == "twice" && count == 3) {
    each_pickle(read_file(words[2]), [&](ByteView pickle) {
      fmt::print("{}\n", decode(pickle) == decode(pickle) ? "equal" : "different");
    });
  } else if (command == "stable" && count == 3) {
    const std::string file = read_file(words[2]);
    const Value value = decode(bytes_of(file));
    for (const int protocol : {4, 5}) {
      const bool is_equal = decode(encode(value, {.protocol = protocol})) == value;
      fmt::print("{}\n", is_equal ? "equal" : "different");
    }
  } else if (command == "sample" && count == 4) {
    std::ofstream out(words[3], std::ios::binary);
    append(out, sample(), std::stoi(words[2]));
  } else {
    return 2;
  }
  return 0;
}

}  // namespace

int main(int count, char** words) {
  try {
    return run(count, words);
  } catch (const Error& error) {
    fmt::print(stderr, "{}\n", error.what());
    return info(error.code()).exit_code;
  }
}
