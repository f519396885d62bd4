// Which opcode a number, a text or bytes have in a protocol.
#pragma once

#include <optional>

#include "pickle/frames.hpp"

namespace brine::pickle {

/// An opcode with a length of `width` bytes.
struct CountedForm {
  Op op{};
  std::size_t width = 0;
};

/// Nothing where the protocol cannot say the length.
std::optional<CountedForm> text_form(std::uint64_t bytes, int protocol);

/// Requires: protocol >= 3, which are those with bytes.
std::optional<CountedForm> bytes_form(std::uint64_t bytes, int protocol);

/// Writes BININT1, BININT2 or BININT. Requires: it has 32 bits.
void write_small_integer(FrameWriter& out, std::int64_t number);

/// Writes LONG1 or LONG4. Requires: two's complement, least significant byte first, under 2 GiB.
void write_large_integer(FrameWriter& out, ByteView bytes);

/// Writes BINFLOAT.
void write_real(FrameWriter& out, double number);

/// Writes BINPUT or BINGET, or the form with 4 bytes. Requires: index < 2^32.
void write_put(FrameWriter& out, std::uint64_t index);
void write_get(FrameWriter& out, std::uint64_t index);

/// Writes the end of a tuple whose values are written, and whose mark where there are more than 3.
void write_tuple_end(FrameWriter& out, std::size_t count);

}  // namespace brine::pickle
