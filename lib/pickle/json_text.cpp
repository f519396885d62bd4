#include "pickle/json_text.hpp"

#include <fmt/format.h>

#include "pickle/literal.hpp"

namespace brine::pickle {
namespace {

void append_unit(std::string& out, std::uint32_t unit) { out += fmt::format("\\u{:04x}", unit); }

// Takes one character off the front of `text`: its code point, U+FFFD for a byte that begins none.
std::uint32_t take_character(std::string_view& text) {
  const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(text[at]); };
  const unsigned first = byte(0);
  const std::size_t length = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  if (length > text.size() || !is_utf8(text.substr(0, length), Surrogates::passed)) {
    text.remove_prefix(1);
    return 0xfffd;
  }
  std::uint32_t code = length == 1 ? first : first & (0x7fU >> length);
  for (std::size_t at = 1; at < length; ++at) code = (code << 6) | (byte(at) & 0x3fU);
  text.remove_prefix(length);
  return code;
}

}  // namespace

void append_json(std::string& out, std::string_view text) {
  out += '"';
  while (!text.empty()) {
    const char c = text[0];
    if (c >= 0x20 && c < 0x7f) {
      if (c == '"' || c == '\\') out += '\\';
      out += c;
      text.remove_prefix(1);
      continue;
    }
    const std::uint32_t code = take_character(text);
    if (code < 0x10000) {
      append_unit(out, code);
    } else {
      append_unit(out, 0xd800 + ((code - 0x10000) >> 10));
      append_unit(out, 0xdc00 + ((code - 0x10000) & 0x3ff));
    }
  }
  out += '"';
}

}  // namespace brine::pickle
