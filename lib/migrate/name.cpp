#include "migrate/name.hpp"

#include <algorithm>
#include <array>

#include "base/text.hpp"

namespace brine::migrate {
namespace {

struct Range {
  char32_t first;
  char32_t last;
};

// Unicode's spaces, line breaks and format characters: what is not there to the eye.
constexpr std::array<Range, 11> invisible{{{0x80, 0xa0},
                                           {0xad, 0xad},
                                           {0x1680, 0x1680},
                                           {0x180e, 0x180e},
                                           {0x2000, 0x200f},
                                           {0x2028, 0x202f},
                                           {0x205f, 0x206f},
                                           {0x3000, 0x3000},
                                           {0xfeff, 0xfeff},
                                           {0xfff9, 0xfffb},
                                           {0xe0000, 0xe007f}}};

/// Takes one code point off the front. Requires: valid UTF-8.
char32_t take_point(std::string_view& text) {
  const auto lead = static_cast<unsigned char>(text[0]);
  const std::size_t length = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  char32_t point = length == 1 ? lead : lead & (0x7fU >> length);
  for (const char next : text.substr(1, length - 1)) {
    point = point << 6U | (static_cast<unsigned char>(next) & 0x3fU);
  }
  text.remove_prefix(length);
  return point;
}

bool is_word(char32_t point) {
  if (point < 0x80) {
    const char32_t lower = point | 0x20U;
    return (lower >= 'a' && lower <= 'z') || (point >= '0' && point <= '9') || point == '_';
  }
  return std::none_of(invisible.begin(), invisible.end(), [&](const Range& range) {
    return range.first <= point && point <= range.last;
  });
}

bool is_component(std::string_view text) {
  if (text.empty()) return false;
  while (!text.empty()) {
    if (!is_word(take_point(text))) return false;
  }
  return true;
}

bool is_part(std::string_view text) {
  return text == "<locals>" || text == "<lambda>" || is_component(text);
}

template <typename Accept>
bool is_dotted(std::string_view text, Accept&& accept) {
  if (base::printable(text) != text) return false;  // no UTF-8
  while (true) {
    const std::size_t dot = text.find('.');
    if (!accept(text.substr(0, dot))) return false;
    if (dot == std::string_view::npos) return true;
    text.remove_prefix(dot + 1);
  }
}

}  // namespace

bool is_module_name(std::string_view text) { return is_dotted(text, is_component); }

std::optional<Symbol> parse_symbol(std::string_view text) {
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const std::string_view module = text.substr(0, colon);
  const std::string_view name = text.substr(colon + 1);
  if (!is_module_name(module) || !is_dotted(name, is_part)) return std::nullopt;
  return Symbol{std::string(module), std::string(name)};
}

}  // namespace brine::migrate
