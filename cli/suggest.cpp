#include "suggest.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <numeric>
#include <utility>
#include <vector>

#include "brine/codec.hpp"

namespace brine::cli {
namespace {

// Insertions, deletions, replacements, and swaps of two neighbours, each counted as one (Damerau's
// distance in its restricted form).
std::size_t edits_between(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before;
  std::vector<std::size_t> above(b.size() + 1);
  std::iota(above.begin(), above.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::vector<std::size_t> row{i};
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = above[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      row.push_back(std::min({replaced, above[j] + 1, row[j - 1] + 1}));
      const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) row[j] = std::min(row[j], before[j - 2] + 1);
    }
    before = std::exchange(above, std::move(row));
  }
  return above.back();
}

}  // namespace

std::optional<std::string_view> closest(std::string_view word,
                                        std::span<const std::string_view> candidates) {
  std::size_t fewest = std::max<std::size_t>(2, word.size() / 3) + 1;
  std::optional<std::string_view> best;
  for (const std::string_view candidate : candidates) {
    const std::size_t edits = edits_between(word, candidate);
    if (edits < fewest && edits < candidate.size()) {
      fewest = edits;
      best = candidate;
    }
  }
  return best;
}

std::string nearest_codec(std::string_view text) {
  const std::size_t colon = text.find(':');
  std::vector<std::string_view> names;
  for (const CodecInfo& row : codecs()) names.push_back(row.name);
  const std::string_view name = text.substr(0, colon);
  const std::string_view near = std::find(names.begin(), names.end(), name) != names.end()
                                    ? name
                                    : closest(name, names).value_or("zstd");
  const CodecInfo& row = *std::find_if(codecs().begin(), codecs().end(),
                                       [&](const CodecInfo& each) { return each.name == near; });
  if (colon == std::string_view::npos || row.min_level == row.max_level) return std::string(near);
  const std::string_view digits = text.substr(colon + 1);
  int level = row.default_level;
  const auto [end, failure] = std::from_chars(digits.data(), digits.data() + digits.size(), level);
  if (failure == std::errc::result_out_of_range) {
    level = digits.starts_with('-') ? row.min_level : row.max_level;
  }
  return to_string(Codec{row.id, std::clamp(level, row.min_level, row.max_level)});
}

std::string nearest_protocol(std::string_view text) {
  constexpr int oldest = 2;
  constexpr int newest = 5;
  int number = newest;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (failure == std::errc::result_out_of_range && text.starts_with('-')) number = oldest;
  return std::to_string(std::clamp(number, oldest, newest));
}

std::string nearest_name(std::string_view name) {
  constexpr std::size_t longest = 200;
  std::string near(name.substr(0, longest));
  for (char& c : near) {
    if (!std::isalnum(static_cast<unsigned char>(c)) && c != '.' && c != '_') c = '-';
  }
  near.erase(0, near.find_first_not_of("-._"));
  return near.empty() ? "unnamed" : near;
}

}  // namespace brine::cli
