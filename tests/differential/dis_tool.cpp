// Disassembles pickles in one process, for a test that compares many. Not installed.
//
// usage: dis_tool FILE    each pickle stands behind its length in 4 bytes
//
// Prints for each: the length of the listing in 4 bytes, 0 where the listing is whole else 1 in one
// byte, and the listing.
#include <array>
#include <fstream>
#include <iostream>
#include <iterator>

#include "base/arithmetic.hpp"
#include "io/file.hpp"
#include "pickle/disassemble.hpp"

using namespace brine;

namespace {

struct Text final : Sink {
  std::string text;
  void write(ByteView bytes) override { text += text_of(bytes); }
};

void list_one(ByteView pickle) {
  const io::MemoryFile file(pickle);
  Text out;
  const auto listing = pickle::disassemble(file, 0, out, {});
  std::array<std::byte, 4> length{};
  base::put_little_endian(length.data(), out.text.size(), length.size());
  std::cout << text_of(length) << (listing.reason.empty() ? '\0' : '\1') << out.text;
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 2) return 2;
  std::ifstream in(arguments[1], std::ios::binary);
  const std::string all{std::istreambuf_iterator<char>(in), {}};
  ByteView rest = bytes_of(all);
  while (rest.size() >= 4) {
    const auto size = static_cast<std::size_t>(base::little_endian(rest.data(), 4));
    list_one(rest.subspan(4, size));
    rest = rest.subspan(4 + size);
  }
  return std::cout.flush() ? 0 : 1;
}
