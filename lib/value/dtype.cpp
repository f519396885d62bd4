#include "value/dtype.hpp"

#include <algorithm>
#include <charconv>

namespace brine::value {
namespace {

// A letter and the widths that it has; none: any.
struct Letter {
  char letter;
  std::string_view widths;
};
constexpr Letter letters[] = {
    {'b', "1"},       {'i', "1 2 4 8"}, {'u', "1 2 4 8"}, {'f', "2 4 8 16"},
    {'c', "8 16 32"}, {'S', ""},        {'U', ""},        {'V', ""},
};

bool has_word(std::string_view words, std::string_view word) {
  const std::size_t at = words.find(word);
  const auto is_edge = [&](std::size_t i) { return i >= words.size() || words[i] == ' '; };
  return at != words.npos && (at == 0 || is_edge(at - 1)) && is_edge(at + word.size());
}

}  // namespace

std::optional<Dtype> parse_dtype(std::string_view text) {
  if (text.size() < 3 || text[2] == '0') return std::nullopt;
  const auto* const row = std::find_if(std::begin(letters), std::end(letters),
                                       [&](const Letter& each) { return each.letter == text[1]; });
  if (row == std::end(letters)) return std::nullopt;
  const std::string_view width = text.substr(2);
  if (!row->widths.empty() && !has_word(row->widths, width)) return std::nullopt;
  std::uint32_t count = 0;
  const auto [end, error] = std::from_chars(width.data(), width.data() + width.size(), count);
  if (error != std::errc{} || end != width.data() + width.size()) return std::nullopt;
  const bool is_ordered = text[1] == 'U' || (width != "1" && text[1] != 'S' && text[1] != 'V');
  const bool has_order = text[0] == '<' || text[0] == '>';
  if (is_ordered != has_order || (!has_order && text[0] != '|')) return std::nullopt;
  return Dtype{text[0], text.substr(1), std::uint64_t{count} * (text[1] == 'U' ? 4U : 1U)};
}

}  // namespace brine::value
