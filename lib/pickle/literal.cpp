#include "pickle/literal.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <optional>

#include "pickle/numeral.hpp"

namespace brine::pickle {
namespace {

// A longer text without a dot is a sequence, a hash or prose; with one it may be a dotted path.
constexpr std::size_t longest_name = 256;
constexpr std::size_t longest_dotted_name = 4096;

bool is_ascii(std::string_view text) {
  std::uint64_t high = 0;
  for (; text.size() >= 8; text.remove_prefix(8)) {
    std::uint64_t word = 0;
    std::memcpy(&word, text.data(), 8);
    high |= word;
  }
  for (const char c : text) high |= static_cast<std::uint64_t>(c) & 0x80;
  return (high & 0x8080808080808080ULL) == 0;
}

// Returns the bytes of the sequence that begins `text`, 0 where none does: the table of RFC 3629.
std::size_t utf8_sequence(std::string_view text, Surrogates surrogates) {
  const auto byte = [&](std::size_t i) -> unsigned {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0;
  };
  const unsigned first = byte(0);
  if (first < 0x80) return 1;
  if (first < 0xc2 || first > 0xf4) return 0;
  const std::size_t length = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return 0;
  }
  const bool overlong = (first == 0xe0 && byte(1) < 0xa0) || (first == 0xf0 && byte(1) < 0x90);
  const bool surrogate = first == 0xed && byte(1) >= 0xa0;
  const bool too_high = first == 0xf4 && byte(1) >= 0x90;
  if (overlong || too_high || (surrogate && surrogates == Surrogates::refused)) return 0;
  return length;
}

bool is_quoted(std::string_view text) {
  return text.size() >= 2 && text.front() == text.back() &&
         (text.front() == '\'' || text.front() == '"');
}

// Reads `count` hex digits at the front.
std::optional<std::uint32_t> hex(std::string_view text, std::size_t count) {
  std::uint32_t value = 0;
  if (text.size() < count) return std::nullopt;
  const char* const last = text.data() + count;
  const auto [end, error] = std::from_chars(text.data(), last, value, 16);
  return end == last && error == std::errc{} ? std::optional(value) : std::nullopt;
}

// STRING: `\x` wants two digits, and a backslash something behind it. All else stands for itself.
bool has_string_escapes(std::string_view text) {
  for (std::size_t at = text.find('\\'); at != text.npos; at = text.find('\\', at)) {
    if (at + 1 == text.size()) return false;
    if (text[at + 1] == 'x' && !hex(text.substr(at + 2), 2)) return false;
    at += 2;
  }
  return true;
}

// UNICODE: `\u` wants four digits, `\U` eight of a code point that exists.
bool has_unicode_escapes(std::string_view text) {
  for (std::size_t at = text.find('\\'); at != text.npos; at = text.find('\\', at)) {
    const std::string_view behind = text.substr(at + 1);
    if (behind.starts_with('u') && !hex(behind.substr(1), 4)) return false;
    if (behind.starts_with('U') && hex(behind.substr(1), 8).value_or(~0U) > 0x10ffff) return false;
    at += std::min<std::size_t>(2, text.size() - at);
  }
  return true;
}

void put_utf8(std::string& text, std::uint32_t code) {
  const auto put = [&](std::uint32_t byte) { text += static_cast<char>(byte); };
  const auto tail = [&](unsigned shift) { put(0x80 | ((code >> shift) & 0x3f)); };
  if (code < 0x80) {
    put(code);
  } else if (code < 0x800) {
    put(0xc0 | (code >> 6));
    tail(0);
  } else if (code < 0x10000) {
    put(0xe0 | (code >> 12));
    tail(6);
    tail(0);
  } else {
    put(0xf0 | (code >> 18));
    tail(12);
    tail(6);
    tail(0);
  }
}

// UNICODE: bytes are Latin-1, and only `\u` and `\U` are escapes, where the backslashes before
// them are even in number.
void decode_unicode(std::string_view text, std::string& decoded) {
  for (std::size_t at = 0; at < text.size(); ++at) {
    const std::string_view behind = text.substr(at + 1);
    const std::size_t digits = text[at] != '\\' ? 0 : behind.starts_with('u') ? 4
                               : behind.starts_with('U') ? 8 : 0;
    if (digits > 0) {
      put_utf8(decoded, hex(behind.substr(1), digits).value_or(0));
      at += 1 + digits;
    } else {
      put_utf8(decoded, static_cast<unsigned char>(text[at]));
      if (text[at] == '\\' && behind.starts_with('\\')) decoded += text[++at];
    }
  }
}

// STRING: the escapes of a Python string literal of bytes.
void decode_string(std::string_view text, std::string& decoded) {
  constexpr std::string_view letters = "\\'\"abfnrtv";
  constexpr std::string_view values = "\\'\"\a\b\f\n\r\t\v";
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] != '\\') {
      decoded += text[at];
      continue;
    }
    const char letter = text[++at];
    if (const std::size_t known = letters.find(letter); known != letters.npos) {
      decoded += values[known];
    } else if (letter == 'x') {
      decoded += static_cast<char>(hex(text.substr(at + 1), 2).value_or(0));
      at += 2;
    } else if (letter >= '0' && letter <= '7') {
      unsigned value = 0;
      std::size_t digits = 0;
      for (; digits < 3 && at + digits < text.size(); ++digits) {
        const char digit = text[at + digits];
        if (digit < '0' || digit > '7') break;
        value = 8 * value + static_cast<unsigned>(digit - '0');
      }
      decoded += static_cast<char>(value);
      at += digits - 1;
    } else {
      decoded += '\\';
      decoded += letter;
    }
  }
}

}  // namespace

std::optional<std::string_view> text_of_push(const Token& token, std::string& scratch) {
  std::string_view text = text_of(token.argument);
  scratch.clear();
  switch (token.code->op) {
    case Op::unicode:
      if (is_ascii(text) && text.find('\\') == text.npos) return text;
      decode_unicode(text, scratch);
      return scratch;
    case Op::string:
      text = text.substr(1, text.size() - 2);
      if (text.find('\\') != text.npos) {
        decode_string(text, scratch);
        text = scratch;
      }
      return is_ascii(text) ? std::optional(text) : std::nullopt;
    case Op::binstring:
    case Op::short_binstring:
      return is_ascii(text) ? std::optional(text) : std::nullopt;
    default:
      return text;
  }
}

bool is_utf8(std::string_view text, Surrogates surrogates) {
  if (is_ascii(text)) return true;
  while (!text.empty()) {
    const std::size_t length = utf8_sequence(text, surrogates);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

bool is_plain_name(std::string_view text) {
  if (text.empty() || text.size() > longest_dotted_name) return false;
  if (text.size() > longest_name && text.find('.') == std::string_view::npos) return false;
  return std::all_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte > 0x20 && byte != 0x7f && c != '\\' && c != '\'' && c != '"';
  });
}

std::string literal_problem(const Token& token) {
  const std::string_view text = text_of(token.argument);
  const auto unless = [&](bool good, std::string_view what) {
    return good ? std::string{} : fmt::format("{} {}", token.code->name, what);
  };
  switch (token.code->op) {
    case Op::int_:
    case Op::long_:
    case Op::float_:
      return unless(spelling_of(token) != Spelling::refused, "is no number");
    case Op::string:
      if (!is_quoted(text)) return unless(false, "is not quoted");
      return unless(has_string_escapes(text.substr(1, text.size() - 2)), "has a broken escape");
    case Op::unicode:
      return unless(has_unicode_escapes(text), "has a broken escape");
    case Op::persid:
      return unless(is_ascii(text), "is not ASCII");
    default:
      return {};
  }
}

}  // namespace brine::pickle
