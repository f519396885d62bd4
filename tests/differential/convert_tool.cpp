// Conversions between protocols, for a test to compare. Not installed.
//
// usage: convert_tool PROTOCOL FILE OUT
//
// FILE and OUT hold pickles, each behind its length in 4 bytes. One that cannot be converted has
// the length 0 in OUT, and its sentence is printed: `CODE: SENTENCE`.
#include <fmt/format.h>

#include <array>
#include <fstream>
#include <iterator>

#include "base/arithmetic.hpp"
#include "brine/error.hpp"
#include "io/file.hpp"
#include "pickle/transcode.hpp"

using namespace brine;

namespace {

struct Text final : Sink {
  std::string text;
  void write(ByteView more) override { text += text_of(more); }
};

std::string converted(ByteView pickle, int protocol) {
  const io::MemoryFile payload(pickle);
  pickle::Transcoder transcoder(payload, 0, protocol, {});
  Text out;
  transcoder.write(out);
  const io::MemoryFile written(bytes_of(out.text));
  const std::uint64_t end = transcoder.check(written, 0);
  if (end != out.text.size()) throw Error(Errc::internal, "bytes behind the pickle");
  return out.text;
}

std::string converted_or_nothing(ByteView pickle, int protocol) {
  try {
    return converted(pickle, protocol);
  } catch (const Error& error) {
    fmt::print("{}: {}\n", info(error.code()).name, error.what());
    return {};
  }
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 4) return 2;
  std::ifstream in(arguments[2], std::ios::binary);
  const std::string file{std::istreambuf_iterator<char>(in), {}};
  std::ofstream out(arguments[3], std::ios::binary);
  for (ByteView rest = bytes_of(file); rest.size() >= 4;) {
    const auto size = static_cast<std::size_t>(base::little_endian(rest.data(), 4));
    const std::string text = converted_or_nothing(rest.subspan(4, size), std::stoi(arguments[1]));
    std::array<std::byte, 4> length{};
    base::put_little_endian(length.data(), text.size(), 4);
    out << text_of(length) << text;
    rest = rest.subspan(4 + size);
  }
  return out.good() ? 0 : 1;
}
