// What the arguments of opcodes mean that spell their value out: decimal numbers, escaped texts.
// All of them have passed literal_problem(), and numbers are plain, see numeral.hpp.
#pragma once

#include <string>
#include <string_view>

#include "brine/bytes.hpp"

namespace brine::pickle {

/// Reads the text of UNICODE, where `\u` and `\U` stand for code points and bytes for themselves.
/// Returns UTF-8.
std::string unescape_unicode(std::string_view text);

/// Reads the bytes of STRING, without its quotes: the escapes of Python's literals.
std::string unescape_string(std::string_view text);

/// Reads a plain decimal number into two's complement, least significant byte first.
Bytes integer_of_decimal(std::string_view text);

/// Appends `code_point` in UTF-8; surrogates too.
void append_utf8(std::string& text, std::uint32_t code_point);

}  // namespace brine::pickle
