#include "pickle/latin1.hpp"

#include <algorithm>
#include <array>

namespace brine::pickle {

std::uint64_t utf8_bytes(ByteView latin1) {
  const auto high = std::count_if(latin1.begin(), latin1.end(),
                                  [](std::byte b) { return (b & std::byte{0x80}) != std::byte{}; });
  return latin1.size() + static_cast<std::uint64_t>(high);
}

void write_as_utf8(ByteView latin1, Sink& sink) {
  std::array<std::byte, 8192> piece{};
  while (!latin1.empty()) {
    std::size_t used = 0;
    const ByteView next = latin1.first(std::min(latin1.size(), piece.size() / 2));
    for (const std::byte b : next) {
      const bool is_high = (b & std::byte{0x80}) != std::byte{};
      if (is_high) piece[used++] = std::byte{0xc0} | (b >> 6);
      piece[used++] = is_high ? std::byte{0x80} | (b & std::byte{0x3f}) : b;
    }
    sink.write(ByteView(piece).first(used));
    latin1 = latin1.subspan(next.size());
  }
}

}  // namespace brine::pickle
