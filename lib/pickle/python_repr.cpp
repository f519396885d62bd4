#include "pickle/python_repr.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstring>

#include "pickle/printable.hpp"

namespace brine::pickle {
namespace {

bool is_text(Spelling spelling) {
  return spelling == Spelling::latin1 || spelling == Spelling::utf8;
}

// ASCII that no repr() escapes, whatever the quote.
constexpr std::array<bool, 256> plain_bytes() {
  std::array<bool, 256> plain{};
  for (unsigned c = 0x20; c < 0x7f; ++c) plain[c] = c != '\'' && c != '"' && c != '\\';
  return plain;
}
constexpr std::array<bool, 256> plain_byte = plain_bytes();

std::size_t plain_front(std::string_view text) {
  const char* at = text.data();
  const char* const end = at + text.size();
  while (at != end && plain_byte[static_cast<unsigned char>(*at)]) ++at;
  return static_cast<std::size_t>(at - text.data());
}

void put_hex(TextBuffer& out, char letter, char32_t value, unsigned digits) {
  out.put('\\');
  out.put(letter);
  while (digits-- > 0) out.put("0123456789abcdef"[value >> (4 * digits) & 15]);
}

// How each byte of bytes is spelled, with the one quote that is escaped.
struct ByteSpellings {
  std::array<std::array<char, 4>, 256> text{};
  std::array<std::uint8_t, 256> length{};
};

constexpr ByteSpellings byte_spellings(char escaped_quote) {
  ByteSpellings all;
  for (unsigned c = 0; c < 256; ++c) {
    const char own = static_cast<char>(c);
    const char letter = c == '\t' ? 't' : c == '\n' ? 'n' : c == '\r' ? 'r' : '\0';
    if (letter != '\0' || own == '\\' || own == escaped_quote) {
      all.text[c] = {'\\', letter != '\0' ? letter : own};
      all.length[c] = 2;
    } else if (c >= 0x20 && c < 0x7f) {
      all.text[c] = {own};
      all.length[c] = 1;
    } else {
      all.text[c] = {'\\', 'x', "0123456789abcdef"[c >> 4], "0123456789abcdef"[c & 15]};
      all.length[c] = 4;
    }
  }
  return all;
}
constexpr ByteSpellings single_escaped = byte_spellings('\'');
constexpr ByteSpellings double_escaped = byte_spellings('"');

// Four characters for each byte, of which as many count as it takes: no branch depends on it.
void put_bytes(TextBuffer& out, const ByteSpellings& spellings, std::string_view piece) {
  while (!piece.empty()) {
    const std::string_view front = piece.substr(0, TextBuffer::most_reserved / 4);
    char* const begin = out.reserve(4 * front.size());
    char* at = begin;
    for (const char c : front) {
      const auto byte = static_cast<unsigned char>(c);
      std::memcpy(at, spellings.text[byte].data(), 4);
      at += spellings.length[byte];
    }
    out.advance(static_cast<std::size_t>(at - begin));
    piece.remove_prefix(front.size());
  }
}

// Of ASCII in a text that is not plain.
void put_special(TextBuffer& out, char quote, char c) {
  if (c == '\\' || c == quote) {
    out.put('\\');
    out.put(c);
  } else if (c == '\'' || c == '"') {
    out.put(c);
  } else if (c == '\t') {
    out.put("\\t");
  } else if (c == '\n') {
    out.put("\\n");
  } else if (c == '\r') {
    out.put("\\r");
  } else {
    put_hex(out, 'x', static_cast<unsigned char>(c), 2);
  }
}

void put_hidden(TextBuffer& out, char32_t c) {
  if (c < 0x100) {
    put_hex(out, 'x', c, 2);
  } else if (c < 0x10000) {
    put_hex(out, 'u', c, 4);
  } else {
    put_hex(out, 'U', c, 8);
  }
}

std::size_t character_bytes(char lead) {
  const auto byte = static_cast<unsigned char>(lead);
  return byte < 0x80 ? 1 : byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;
}

char32_t code_point(std::string_view character) {
  const auto lead = static_cast<unsigned char>(character[0]);
  char32_t c = lead & (0x7fU >> character.size());
  for (const char tail : character.substr(1)) {
    c = c << 6 | (static_cast<unsigned char>(tail) & 0x3fU);
  }
  return c;
}

// Puts the character that `text` begins with, which is not ASCII, and returns its bytes.
std::size_t put_beyond_ascii(TextBuffer& out, Spelling spelling, std::string_view text) {
  const bool is_utf8 = spelling == Spelling::utf8;
  const std::string_view character = text.substr(0, is_utf8 ? character_bytes(text[0]) : 1);
  const char32_t c = is_utf8 ? code_point(character) : static_cast<unsigned char>(text[0]);
  if (!is_printable(c)) {
    put_hidden(out, c);
  } else if (is_utf8) {
    out.put(character);
  } else {
    out.put(static_cast<char>(0xc0 | c >> 6));
    out.put(static_cast<char>(0x80 | (c & 0x3f)));
  }
  return character.size();
}

// The shortest digits that read back as the same number, and the place of the point behind them.
struct Digits {
  std::string_view digits;
  int point = 0;
};

Digits shortest_digits(double magnitude, std::array<char, 32>& room) {
  const char* const end = std::to_chars(room.data(), room.data() + room.size(), magnitude,
                                        std::chars_format::scientific)
                              .ptr;
  char* const mark = std::find(room.data(), room.data() + room.size(), 'e');
  int exponent = 0;
  std::from_chars(mark[1] == '+' ? mark + 2 : mark + 1, end, exponent);
  if (mark == room.data() + 1) return {{room.data(), 1}, exponent + 1};
  room[1] = room[0];  // over the point
  return {{room.data() + 1, static_cast<std::size_t>(mark - room.data() - 1)}, exponent + 1};
}

void put_positional(TextBuffer& out, const Digits& number) {
  const auto zeros = [&](int count) {
    while (count-- > 0) out.put('0');
  };
  const int count = static_cast<int>(number.digits.size());
  if (number.point <= 0) {
    out.put("0.");
    zeros(-number.point);
    out.put(number.digits);
  } else if (number.point >= count) {
    out.put(number.digits);
    zeros(number.point - count);
    out.put(".0");
  } else {
    const auto whole = static_cast<std::size_t>(number.point);
    out.put(number.digits.substr(0, whole));
    out.put('.');
    out.put(number.digits.substr(whole));
  }
}

void put_exponential(TextBuffer& out, const Digits& number) {
  out.put(number.digits[0]);
  if (number.digits.size() > 1) out.put('.');
  out.put(number.digits.substr(1));
  const int exponent = number.point - 1;
  out.put(exponent < 0 ? "e-" : "e+");
  if (std::abs(exponent) < 10) out.put('0');
  out.put_number(std::abs(exponent));
}

}  // namespace

bool is_plain(std::string_view text) noexcept { return plain_front(text) == text.size(); }

void QuoteChoice::see(std::string_view piece) {
  has_single_ = has_single_ || piece.find('\'') != std::string_view::npos;
  has_double_ = has_double_ || piece.find('"') != std::string_view::npos;
}

void put_opening(TextBuffer& out, Spelling spelling, char quote) {
  if (spelling == Spelling::bytearray) out.put("bytearray(");
  if (!is_text(spelling)) out.put('b');
  out.put(quote);
}

void put_content(TextBuffer& out, Spelling spelling, char quote, std::string_view piece) {
  if (!is_text(spelling)) {
    // A bytearray escapes the single quote under either.
    const bool is_single = quote == '\'' || spelling == Spelling::bytearray;
    return put_bytes(out, is_single ? single_escaped : double_escaped, piece);
  }
  while (true) {
    const std::size_t plain = plain_front(piece);
    out.put(piece.substr(0, plain));
    piece.remove_prefix(plain);
    if (piece.empty()) return;
    if (static_cast<unsigned char>(piece[0]) >= 0x80) {
      piece.remove_prefix(put_beyond_ascii(out, spelling, piece));
    } else {
      put_special(out, quote, piece[0]);
      piece.remove_prefix(1);
    }
  }
}

void put_closing(TextBuffer& out, Spelling spelling, char quote) {
  out.put(quote);
  if (spelling == Spelling::bytearray) out.put(')');
}

void put_repr(TextBuffer& out, Spelling spelling, std::string_view content) {
  QuoteChoice choice;
  if (!is_plain(content)) choice.see(content);
  put_opening(out, spelling, choice.quote());
  put_content(out, spelling, choice.quote(), content);
  put_closing(out, spelling, choice.quote());
}

void put_repr(TextBuffer& out, double value) {
  if (std::isnan(value)) return out.put("nan");
  if (std::signbit(value)) out.put('-');
  if (std::isinf(value)) return out.put("inf");
  std::array<char, 32> room;
  const Digits number = shortest_digits(std::fabs(value), room);
  if (number.point > -4 && number.point <= 16) return put_positional(out, number);
  put_exponential(out, number);
}

std::size_t whole_characters(std::string_view piece) {
  for (std::size_t back = 1; back <= std::min<std::size_t>(3, piece.size()); ++back) {
    const auto byte = static_cast<unsigned char>(piece[piece.size() - back]);
    if (byte >= 0xc0)
      return character_bytes(static_cast<char>(byte)) > back ? piece.size() - back : piece.size();
  }
  return piece.size();
}

}  // namespace brine::pickle
