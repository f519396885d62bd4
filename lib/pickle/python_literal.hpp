// Arguments that are spelled as text, read as Python 3.11 reads them in pickletools: more widely
// than the unpicklers do, which literal.hpp is about. Source: CPython Lib/pickletools.py;
// Objects/longobject.c, floatobject.c, bytesobject.c and unicodeobject.c for what int(), float()
// and the codecs accept; facts only.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "brine/bytes.hpp"

namespace brine::pickle {

/// Python's limit on the digits of an integer that becomes text or comes from it.
inline constexpr std::size_t most_digits = 4300;

/// Returns the digits of int(text), with a minus where it is negative; nothing where that fails.
std::optional<std::string> read_integer(std::string_view text);

/// Returns float(text); nothing where that fails.
std::optional<double> read_float(std::string_view text);

/// Takes the quotes of a STRING off; nothing where they are not there.
std::optional<std::string_view> without_quotes(std::string_view text);

/// Undoes the escapes of bytes; nothing where one is malformed, or the result is not ASCII.
std::optional<std::string> unescaped(std::string_view text);

/// Undoes raw-unicode-escape and returns UTF-8, in which surrogates may stand alone; nothing where
/// an escape is malformed.
std::optional<std::string> from_raw_unicode_escape(std::string_view text);

/// Returns the decimal digits of a little-endian two's complement, with a minus where it is
/// negative. Requires: at most 2,000 bytes, which cost microseconds.
std::string decimal_digits(ByteView number);

}  // namespace brine::pickle
