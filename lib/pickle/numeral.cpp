#include "pickle/numeral.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

#include "pickle/python_literal.hpp"

namespace brine::pickle {
namespace {

constexpr std::uint64_t largest_index = std::numeric_limits<std::int64_t>::max();

bool is_blank(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

unsigned digit_of(char c) {
  if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
  const char lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'z' ? static_cast<unsigned>(lower - 'a') + 10 : 36;
}

bool are_digits(std::string_view text, unsigned base) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [&](char c) { return digit_of(c) < base; });
}

// C strings end at a NUL.
std::string_view c_string(std::string_view line) { return line.substr(0, line.find('\0')); }

void take_blanks(std::string_view& text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
}

// Takes a sign off the front and says whether it was a minus.
bool take_sign(std::string_view& text) {
  const bool is_minus = text.starts_with('-');
  if (is_minus || text.starts_with('+')) text.remove_prefix(1);
  return is_minus;
}

// Takes `0x`, `0o` or `0b` off the front; 0: there is none.
unsigned take_prefix(std::string_view& text) {
  const char letter = text.size() > 1 && text[0] == '0' ? static_cast<char>(text[1] | 0x20) : '\0';
  const unsigned base = letter == 'x' ? 16 : letter == 'o' ? 8 : letter == 'b' ? 2 : 0;
  if (base == 0) return 0;
  text.remove_prefix(2);
  if (text.starts_with('_')) text.remove_prefix(1);
  return base;
}

// Digits with single underscores between them, and blanks behind.
bool is_grouped(std::string_view text, unsigned base) {
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  if (text.starts_with('_') || text.ends_with('_') || text.find("__") != text.npos) return false;
  const auto digits =
      text.size() - static_cast<std::size_t>(std::count(text.begin(), text.end(), '_'));
  const bool is_counted = (base & (base - 1)) != 0;  // as CPython bounds them
  if (digits == 0 || (is_counted && digits > most_digits)) return false;
  return std::all_of(text.begin(), text.end(),
                     [&](char c) { return c == '_' || digit_of(c) < base; });
}

// PyLong_FromString with base 0: a literal of Python, in which zeros lead nothing but zeros.
bool is_python_integer(std::string_view line) {
  std::string_view text = c_string(line);
  take_blanks(text);
  take_sign(text);
  const unsigned base = take_prefix(text);
  if (base != 0) return is_grouped(text, base);
  const bool is_zero = std::all_of(text.begin(), text.end(),
                                   [](char c) { return c == '0' || c == '_' || is_blank(c); });
  return is_grouped(text, 10) && (!text.starts_with('0') || is_zero);
}

// strtol with base 0: zeros in front mean octal; too large a number fails.
bool is_c_integer(std::string_view line) {
  std::string_view text = c_string(line);
  if (text.empty()) return true;  // no digit at all, and nothing behind it
  take_blanks(text);
  const bool is_minus = take_sign(text);
  const bool is_hex = text.size() > 2 && text[0] == '0' && (text[1] | 0x20) == 'x';
  const unsigned base = is_hex ? 16 : text.starts_with('0') ? 8 : 10;
  if (is_hex) text.remove_prefix(2);
  std::uint64_t value = 0;
  if (!are_digits(text, base)) return false;
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), value, static_cast<int>(base));
  return error == std::errc{} && value <= largest_index + (is_minus ? 1 : 0);
}

bool is_plain_integer(std::string_view text) {
  if (text == "0") return true;
  if (text.starts_with('-')) text.remove_prefix(1);
  return !text.starts_with('0') && are_digits(text, 10) && text.size() <= most_digits;
}

Spelling either(bool is_taken, bool is_plain) {
  return is_plain ? Spelling::plain : is_taken ? Spelling::disputed : Spelling::refused;
}

Spelling spelling_of_long(std::string_view line) {
  const bool is_marked = line.ends_with('L');
  const std::string_view text = is_marked ? line.substr(0, line.size() - 1) : line;
  return either(!line.empty() && is_python_integer(text), is_plain_integer(text));
}

Spelling spelling_of_int(std::string_view line) {
  // `00` and `01` are how protocols 0 and 1 spell False and True.
  return either(!line.empty() && (is_c_integer(line) || is_python_integer(line)),
                line == "00" || line == "01" || is_plain_integer(line));
}

Spelling spelling_of_float(std::string_view line) {
  const std::string_view text = c_string(line);
  const auto is_strange = [](char c) { return is_blank(c) || c == '_'; };
  const auto value =
      std::any_of(text.begin(), text.end(), is_strange) ? std::nullopt : read_float(text);
  if (!value) return Spelling::refused;
  const bool is_word = text.find_first_of("nN") != text.npos;
  if (std::isinf(*value) && !is_word) return Spelling::refused;
  const bool is_known_word = text == "inf" || text == "-inf" || text == "nan" || text == "-nan";
  const bool is_plain =
      text.size() == line.size() && !text.starts_with('+') && (!is_word || is_known_word);
  return either(true, is_plain);
}

Spelling spelling_of_index(std::string_view line) {
  const auto index = read_index(line);
  return either(index.has_value(), index && is_plain_integer(line) && !line.starts_with('-'));
}

std::optional<std::uint64_t> read_decimal(std::string_view digits) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  const bool is_whole = error == std::errc{} && end == digits.data() + digits.size();
  return is_whole && value <= largest_index ? std::optional(value) : std::nullopt;
}

bool take_minus(std::string_view& text) {
  const bool is_minus = text.starts_with('-');
  if (is_minus) text.remove_prefix(1);
  return is_minus;
}

// What nearly all numbers are, so that few of them cost the rest of this file: `0`, or digits that
// no zero leads and that fit into 64 bits.
bool is_short_integer(std::string_view digits) {
  constexpr std::size_t most = 18;
  if (digits.empty() || digits.size() > most) return false;
  if (digits.front() == '0') return digits.size() == 1;
  return std::all_of(digits.begin(), digits.end(), [](char c) { return c >= '0' && c <= '9'; });
}

void take_digits(std::string_view& text) {
  while (!text.empty() && text.front() >= '0' && text.front() <= '9') text.remove_prefix(1);
}

// Digits, then perhaps a point and digits, an exponent of one or two digits: below 1e140, so that
// it cannot overflow.
bool is_short_float(std::string_view text) {
  constexpr std::size_t most = 40;
  const std::size_t size = text.size();
  if (size > most) return false;
  take_digits(text);
  if (text.size() == size) return false;
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    take_digits(text);
  }
  if (text.empty()) return true;
  if (text.front() != 'e') return false;
  text.remove_prefix(1);
  take_sign(text);
  const std::size_t digits = text.size();
  take_digits(text);
  return text.empty() && (digits == 1 || digits == 2);
}

bool is_short_number(Op op, std::string_view line) {
  const bool is_index = op == Op::get || op == Op::put;
  if (op == Op::long_ && line.ends_with('L')) line.remove_suffix(1);
  const bool is_minus = !is_index && take_minus(line);
  if (op == Op::float_) return is_short_float(line);
  return is_short_integer(line) && !(is_minus && line == "0");
}

Spelling spelling_at_length(Op op, std::string_view line) {
  switch (op) {
    case Op::int_:
      return spelling_of_int(line);
    case Op::long_:
      return spelling_of_long(line);
    case Op::float_:
      return spelling_of_float(line);
    default:
      return spelling_of_index(line);
  }
}

}  // namespace

std::optional<std::uint64_t> read_index(std::string_view line) {
  if (is_short_integer(line)) return read_decimal(line);
  const auto digits = read_integer(c_string(line));
  return digits ? read_decimal(*digits) : std::nullopt;
}

Spelling spelling_of(Op op, std::string_view line) {
  switch (op) {
    case Op::int_:
    case Op::long_:
    case Op::float_:
    case Op::get:
    case Op::put:
      return is_short_number(op, line) ? Spelling::plain : spelling_at_length(op, line);
    default:
      return Spelling::plain;
  }
}

}  // namespace brine::pickle
