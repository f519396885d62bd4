// Bytes as the text whose code points they are: the form that protocols under 3 have for them.
#pragma once

#include "brine/bytes.hpp"

namespace brine::pickle {

/// Returns how many bytes write_as_utf8() writes.
std::uint64_t utf8_bytes(ByteView latin1);

/// Writes each byte as a code point.
void write_as_utf8(ByteView latin1, Sink& sink);

}  // namespace brine::pickle
