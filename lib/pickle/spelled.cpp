#include "pickle/spelled.hpp"

#include <algorithm>
#include <charconv>
#include <vector>

namespace brine::pickle {
namespace {

// Reads digits of `base` at `at`, at most `most` of them, and moves behind them.
std::uint32_t take_digits(std::string_view text, std::size_t& at, std::size_t most, int base) {
  std::uint32_t value = 0;
  const char* const begin = text.data() + at;
  const char* const end = begin + std::min(most, text.size() - at);
  at += static_cast<std::size_t>(std::from_chars(begin, end, value, base).ptr - begin);
  return value;
}

bool is_octal(char c) { return c >= '0' && c <= '7'; }

// Takes what follows a backslash.
void unescape(std::string_view text, std::size_t& at, std::string& out) {
  static constexpr std::string_view letters = "\\'\"abfnrtv";
  static constexpr std::string_view meanings = "\\'\"\a\b\f\n\r\t\v";
  const char c = text[at];
  if (c == 'x') {
    out += static_cast<char>(take_digits(text, ++at, 2, 16));
  } else if (is_octal(c)) {
    out += static_cast<char>(take_digits(text, at, 3, 8));
  } else {
    ++at;
    const std::size_t known = letters.find(c);
    if (known == letters.npos) out += '\\';
    out += known == letters.npos ? c : meanings[known];
  }
}

}  // namespace

void append_utf8(std::string& text, std::uint32_t code_point) {
  const auto tail = [&](unsigned shift) {
    text += static_cast<char>(0x80 | ((code_point >> shift) & 0x3f));
  };
  if (code_point < 0x80) {
    text += static_cast<char>(code_point);
  } else if (code_point < 0x800) {
    text += static_cast<char>(0xc0 | (code_point >> 6));
    tail(0);
  } else if (code_point < 0x10000) {
    text += static_cast<char>(0xe0 | (code_point >> 12));
    tail(6);
    tail(0);
  } else {
    text += static_cast<char>(0xf0 | (code_point >> 18));
    tail(12);
    tail(6);
    tail(0);
  }
}

std::string unescape_unicode(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const char c = text[at++];
    const char next = c == '\\' && at < text.size() ? text[at] : '\0';
    if (next == 'u' || next == 'U') {
      append_utf8(out, take_digits(text, ++at, next == 'u' ? 4 : 8, 16));
      continue;
    }
    append_utf8(out, static_cast<unsigned char>(c));
    if (next == '\\') {
      out += next;
      ++at;
    }
  }
  return out;
}

std::string unescape_string(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const char c = text[at++];
    if (c == '\\' && at < text.size()) {
      unescape(text, at, out);
    } else {
      out += c;
    }
  }
  return out;
}

Bytes integer_of_decimal(std::string_view text) {
  if (text.ends_with('L')) text.remove_suffix(1);
  const bool is_negative = text.starts_with('-');
  if (is_negative) text.remove_prefix(1);
  std::vector<std::uint8_t> bytes(text.size() / 2 + 2);  // a digit takes less than half a byte
  for (const char digit : text) {
    unsigned carry = static_cast<unsigned>(digit - '0');
    for (std::uint8_t& byte : bytes) {
      carry += 10U * byte;
      byte = static_cast<std::uint8_t>(carry);
      carry >>= 8;
    }
  }
  unsigned carry = 1;
  for (std::uint8_t& byte : bytes) {
    if (!is_negative) break;
    carry += static_cast<std::uint8_t>(~byte);
    byte = static_cast<std::uint8_t>(carry);
    carry >>= 8;
  }
  const auto all = std::as_bytes(std::span(bytes));
  return {all.begin(), all.end()};
}

}  // namespace brine::pickle
