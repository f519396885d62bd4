#include "pickle/texts.hpp"

#include <algorithm>
#include <functional>

namespace brine::pickle {
namespace {

constexpr std::size_t piece_bytes = 1U << 18;
// No run is near as long by chance in a table that is half full. Texts made to collide count as
// more than the table can hold, so that they cost no more than others.
constexpr std::size_t longest_run = 512;
// A view and at most four slots of four bytes stand for each text besides its content.
constexpr std::uint64_t entry_bytes = sizeof(std::string_view) + 16;

}  // namespace

std::optional<std::uint32_t> TextTable::number(std::string_view text) {
  if (slots_.size() < 2 * (texts_.size() + 1)) grow();
  const std::size_t mask = slots_.size() - 1;
  std::size_t at = std::hash<std::string_view>{}(text) & mask;
  for (std::size_t run = 0; slots_[at] != 0; ++run) {
    if (texts_[slots_[at] - 1] == text) return slots_[at] - 1;
    if (run == longest_run) return std::nullopt;
    at = (at + 1) & mask;
  }
  if (bytes_ + text.size() + entry_bytes > max_bytes_ || text.size() > piece_bytes) {
    return std::nullopt;
  }
  bytes_ += text.size() + entry_bytes;
  texts_.push_back(keep(text));
  slots_[at] = static_cast<std::uint32_t>(texts_.size());
  return slots_[at] - 1;
}

std::string_view TextTable::keep(std::string_view text) {
  if (pieces_.empty() || piece_used_ + text.size() > piece_bytes) {
    pieces_.push_back(std::make_unique<char[]>(piece_bytes));
    piece_used_ = 0;
  }
  char* const at = pieces_.back().get() + piece_used_;
  std::copy(text.begin(), text.end(), at);
  piece_used_ += text.size();
  return {at, text.size()};
}

void TextTable::grow() {
  slots_.assign(std::max<std::size_t>(64, slots_.size() * 2), 0);
  const std::size_t mask = slots_.size() - 1;
  for (std::size_t i = 0; i < texts_.size(); ++i) {
    std::size_t at = std::hash<std::string_view>{}(texts_[i]) & mask;
    while (slots_[at] != 0) at = (at + 1) & mask;
    slots_[at] = static_cast<std::uint32_t>(i + 1);
  }
}

}  // namespace brine::pickle
