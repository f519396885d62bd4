#include "pickle/python_literal.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <limits>
#include <vector>

namespace brine::pickle {
namespace {

constexpr char32_t last_code_point = 0x10ffff;

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_octal(char c) { return c >= '0' && c <= '7'; }
bool is_blank(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

std::optional<unsigned> hex_value(char c) {
  if (is_digit(c)) return c - '0';
  const char lower = static_cast<char>(c | 0x20);
  if (lower >= 'a' && lower <= 'f') return lower - 'a' + 10;
  return std::nullopt;
}

std::optional<char32_t> read_hex(std::string_view digits) {
  char32_t value = 0;
  for (const char c : digits) {
    const auto digit = hex_value(c);
    if (!digit) return std::nullopt;
    value = value << 4 | *digit;
  }
  return value;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

// Takes a sign off the front and says whether it was a minus.
bool take_minus(std::string_view& text) {
  const bool minus = text.starts_with('-');
  if (minus || text.starts_with('+')) text.remove_prefix(1);
  return minus;
}

// Underscores may stand between two digits.
std::optional<std::string> without_underscores(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '_') {
      out += text[i];
    } else if (i == 0 || i + 1 == text.size() || !is_digit(text[i - 1]) || !is_digit(text[i + 1])) {
      return std::nullopt;
    }
  }
  return out;
}

std::size_t leading_digits(std::string_view text) {
  return static_cast<std::size_t>(std::find_if_not(text.begin(), text.end(), is_digit) -
                                  text.begin());
}

// A decimal number in parts: digits, digits behind the point, exponent with its sign.
struct Decimal {
  std::string_view whole;
  std::string_view fraction;
  std::string_view exponent;
};

std::optional<Decimal> parse_decimal(std::string_view text) {
  const auto take = [&](std::size_t count) {
    const std::string_view front = text.substr(0, count);
    text.remove_prefix(count);
    return front;
  };
  Decimal decimal{take(leading_digits(text)), {}, {}};
  if (text.starts_with('.')) {
    take(1);
    decimal.fraction = take(leading_digits(text));
  }
  if (decimal.whole.empty() && decimal.fraction.empty()) return std::nullopt;
  if (text.starts_with('e') || text.starts_with('E')) {
    take(1);
    const std::size_t sign = text.starts_with('-') || text.starts_with('+') ? 1 : 0;
    const std::size_t digits = leading_digits(text.substr(sign));
    if (digits == 0) return std::nullopt;
    decimal.exponent = take(sign + digits);
  }
  return text.empty() ? std::optional(decimal) : std::nullopt;
}

// What a number too large or too small for a double becomes: where its first digit counts tells.
double beyond_double(const Decimal& decimal) {
  std::string_view exponent = decimal.exponent;
  const bool minus = take_minus(exponent);
  std::int64_t power = 0;
  for (const char c : exponent) power = std::min<std::int64_t>(power * 10 + (c - '0'), 1LL << 50);
  const auto first = decimal.whole.find_first_not_of('0');
  const auto behind = decimal.fraction.find_first_not_of('0');
  if (first == std::string_view::npos && behind == std::string_view::npos) return 0.0;
  const auto place = first != std::string_view::npos
                         ? static_cast<std::int64_t>(decimal.whole.size() - first)
                         : -static_cast<std::int64_t>(behind);
  return place + (minus ? -power : power) > 0 ? std::numeric_limits<double>::infinity() : 0.0;
}

std::optional<double> read_magnitude(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
  if (lower == "inf" || lower == "infinity") return std::numeric_limits<double>::infinity();
  if (lower == "nan") return std::numeric_limits<double>::quiet_NaN();
  const auto decimal = parse_decimal(text);
  if (!decimal) return std::nullopt;
  double value = 0;
  const auto answer = std::from_chars(text.data(), text.data() + text.size(), value);
  return answer.ec == std::errc::result_out_of_range ? beyond_double(*decimal) : value;
}

void append_utf8(std::string& out, char32_t c) {
  const auto tail = [&](unsigned shift) { return static_cast<char>(0x80 | (c >> shift & 0x3f)); };
  if (c < 0x80) {
    out += static_cast<char>(c);
  } else if (c < 0x800) {
    out += {static_cast<char>(0xc0 | c >> 6), tail(0)};
  } else if (c < 0x10000) {
    out += {static_cast<char>(0xe0 | c >> 12), tail(6), tail(0)};
  } else {
    out += {static_cast<char>(0xf0 | c >> 18), tail(12), tail(6), tail(0)};
  }
}

// Undoes the escape that begins behind a backslash, and takes it off; false: it is malformed.
bool undo_escape(std::string_view& text, std::string& out) {
  constexpr std::string_view letters = "\\'\"bftnrva";
  constexpr std::string_view meant = "\\'\"\b\f\t\n\r\v\a";
  if (text.empty()) return false;
  const char c = text.front();
  std::size_t taken = 1;
  if (const auto at = letters.find(c); at != std::string_view::npos) {
    out += meant[at];
  } else if (is_octal(c)) {
    unsigned value = 0;
    for (taken = 0; taken < 3 && taken < text.size() && is_octal(text[taken]); ++taken) {
      value = value * 8 + static_cast<unsigned>(text[taken] - '0');
    }
    out += static_cast<char>(value);  // of 9 bits, as CPython cuts it
  } else if (c == 'x') {
    const auto value = text.size() < 3 ? std::nullopt : read_hex(text.substr(1, 2));
    if (!value) return false;
    out += static_cast<char>(*value);
    taken = 3;
  } else {
    out += '\\';  // none: the backslash stays
    taken = 0;
  }
  text.remove_prefix(taken);
  return true;
}

}  // namespace

std::optional<std::string> read_integer(std::string_view text) {
  text = trimmed(text);
  const bool minus = take_minus(text);
  auto digits = without_underscores(text);
  if (!digits || digits->empty() || leading_digits(*digits) != digits->size()) return std::nullopt;
  if (digits->size() > most_digits) return std::nullopt;
  digits->erase(0, std::min(digits->find_first_not_of('0'), digits->size() - 1));
  if (minus && *digits != "0") digits->insert(0, 1, '-');
  return digits;
}

std::optional<double> read_float(std::string_view text) {
  auto plain = without_underscores(trimmed(text));
  if (!plain) return std::nullopt;
  std::string_view rest = *plain;
  const bool minus = take_minus(rest);
  const auto magnitude = read_magnitude(rest);
  return magnitude && minus ? -*magnitude : magnitude;
}

std::optional<std::string_view> without_quotes(std::string_view text) {
  const bool quoted = text.starts_with('"') || text.starts_with('\'');
  if (!quoted || text.back() != text.front()) return std::nullopt;
  return text.size() < 2 ? std::string_view() : text.substr(1, text.size() - 2);
}

std::optional<std::string> unescaped(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const std::size_t plain = std::min(text.find('\\'), text.size());
    out += text.substr(0, plain);
    text.remove_prefix(plain);
    if (text.empty()) break;
    text.remove_prefix(1);
    if (!undo_escape(text, out)) return std::nullopt;
  }
  const bool is_ascii = std::all_of(out.begin(), out.end(), [](char c) { return (c & 0x80) == 0; });
  return is_ascii ? std::optional(std::move(out)) : std::nullopt;
}

std::optional<std::string> from_raw_unicode_escape(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const char next = text.size() > 1 ? text[1] : '\0';
    if (text.front() != '\\' || (next != 'u' && next != 'U')) {
      // A backslash takes the next character with it: another one begins no escape.
      const std::size_t taken = text.front() == '\\' && text.size() > 1 ? 2 : 1;
      for (const char c : text.substr(0, taken)) append_utf8(out, static_cast<unsigned char>(c));
      text.remove_prefix(taken);
      continue;
    }
    const std::size_t digits = next == 'u' ? 4 : 8;
    const auto c = text.size() < 2 + digits ? std::nullopt : read_hex(text.substr(2, digits));
    if (!c || *c > last_code_point) return std::nullopt;
    append_utf8(out, *c);
    text.remove_prefix(2 + digits);
  }
  return out;
}

std::string decimal_digits(ByteView number) {
  constexpr std::uint64_t base = 1'000'000'000;
  const bool minus = !number.empty() && std::to_integer<unsigned>(number.back()) >= 0x80;
  std::vector<std::uint32_t> limbs{0};  // least significant first
  // From the top. The magnitude of a negative number is one more than that of its complement.
  const auto shift_in = [&](std::uint64_t shifted, std::uint64_t carry) {
    for (std::uint32_t& limb : limbs) {
      const std::uint64_t value = limb * shifted + carry;
      limb = static_cast<std::uint32_t>(value % base);
      carry = value / base;
    }
    for (; carry > 0; carry /= base) limbs.push_back(static_cast<std::uint32_t>(carry % base));
  };
  for (std::size_t at = number.size(); at > 0;) {
    const std::size_t width = (at - 1) % 4 + 1;
    std::uint64_t word = 0;
    for (std::size_t i = 0; i < width; ++i) {
      const std::byte b = minus ? ~number[--at] : number[--at];
      word = word << 8 | std::to_integer<std::uint64_t>(b);
    }
    shift_in(1ULL << (8 * width), word);
  }
  if (minus) shift_in(1, 1);
  std::string out = fmt::format("{}{}", minus ? "-" : "", limbs.back());
  for (auto limb = limbs.rbegin() + 1; limb != limbs.rend(); ++limb) {
    out += fmt::format("{:09}", *limb);
  }
  return out;
}

}  // namespace brine::pickle
