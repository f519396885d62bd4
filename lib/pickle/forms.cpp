#include "pickle/forms.hpp"

#include <algorithm>
#include <array>
#include <bit>

#include "base/arithmetic.hpp"

namespace brine::pickle {
namespace {

constexpr std::uint64_t most_in_1_byte = 0xff;
constexpr std::uint64_t most_in_2_bytes = 0xffff;
constexpr std::uint64_t most_in_4_bytes = 0xffffffff;

void write_index(FrameWriter& out, Op near, Op far, std::uint64_t index) {
  const bool is_near = index <= most_in_1_byte;
  out.op(is_near ? near : far, index, is_near ? 1 : 4);
}

// Takes off bytes that only repeat the sign.
ByteView shortest(ByteView bytes) {
  const auto repeats = [&] {
    const auto last = std::to_integer<unsigned>(bytes.back());
    const bool is_negative =
        bytes.size() > 1 && (bytes[bytes.size() - 2] & std::byte{0x80}) != std::byte{};
    return last == (is_negative ? 0xffU : 0U);
  };
  while (!bytes.empty() && repeats()) bytes = bytes.first(bytes.size() - 1);
  return bytes;
}

}  // namespace

std::optional<CountedForm> text_form(std::uint64_t bytes, int protocol) {
  if (bytes <= most_in_1_byte && protocol >= 4) return CountedForm{Op::short_binunicode, 1};
  if (bytes <= most_in_4_bytes) return CountedForm{Op::binunicode, 4};
  return protocol >= 4 ? std::optional(CountedForm{Op::binunicode8, 8}) : std::nullopt;
}

std::optional<CountedForm> bytes_form(std::uint64_t bytes, int protocol) {
  if (bytes <= most_in_1_byte) return CountedForm{Op::short_binbytes, 1};
  if (bytes <= most_in_4_bytes) return CountedForm{Op::binbytes, 4};
  return protocol >= 4 ? std::optional(CountedForm{Op::binbytes8, 8}) : std::nullopt;
}

void write_small_integer(FrameWriter& out, std::int64_t number) {
  const auto bits = static_cast<std::uint64_t>(number);
  if (bits <= most_in_1_byte) return out.op(Op::binint1, bits, 1);
  if (bits <= most_in_2_bytes) return out.op(Op::binint2, bits, 2);
  out.op(Op::binint, bits, 4);
}

void write_large_integer(FrameWriter& out, ByteView bytes) {
  bytes = shortest(bytes);
  const bool is_short = bytes.size() <= most_in_1_byte;
  out.counted(is_short ? Op::long1 : Op::long4, bytes, is_short ? 1 : 4);
}

void write_real(FrameWriter& out, double number) {
  std::array<std::byte, 8> bytes{};
  base::put_little_endian(bytes.data(), std::bit_cast<std::uint64_t>(number), 8);
  std::reverse(bytes.begin(), bytes.end());
  out.op(Op::binfloat);
  out.put(text_of(bytes));
}

void write_put(FrameWriter& out, std::uint64_t index) {
  write_index(out, Op::binput, Op::long_binput, index);
}

void write_get(FrameWriter& out, std::uint64_t index) {
  write_index(out, Op::binget, Op::long_binget, index);
}

void write_tuple_end(FrameWriter& out, std::size_t count) {
  constexpr Op ends[] = {Op::empty_tuple, Op::tuple1, Op::tuple2, Op::tuple3};
  out.op(count > 3 ? Op::tuple : ends[count]);
}

}  // namespace brine::pickle
