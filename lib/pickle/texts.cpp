#include "pickle/texts.hpp"

#include <algorithm>
#include <cstring>

namespace brine::pickle {
namespace {

constexpr std::uint32_t piece_bytes = 1U << 18;
// A row and at most 8/3 slots stand for each text besides its content.
constexpr std::uint64_t entry_bytes = 8 + 8 * 8 / 3;
// No run is near as long by chance in a table that is three quarters full. Texts made to collide
// count as more than the table can hold, so that they cost no more than others.
constexpr std::size_t longest_run = 512;

// One round of the finaliser of MurmurHash3.
std::uint64_t mix(std::uint64_t state, std::uint64_t word) {
  state ^= word;
  state = (state ^ (state >> 33)) * 0xff51afd7ed558ccdULL;
  return state ^ (state >> 33);
}

std::uint64_t word_at(const char* at, std::size_t bytes) {
  std::uint64_t word = 0;
  std::memcpy(&word, at, bytes);
  return word;
}

// Two overlapping words cover up to 16 bytes; most names and keys are no longer.
std::uint32_t hash(std::string_view text) {
  std::uint64_t state = text.size();
  while (text.size() > 16) {
    state = mix(state, word_at(text.data(), 8));
    text.remove_prefix(8);
  }
  const bool is_long = text.size() >= 8;
  const std::uint64_t front = is_long ? word_at(text.data(), 8) : word_at(text.data(), text.size());
  const std::uint64_t back = is_long ? word_at(text.data() + text.size() - 8, 8) : 0;
  return static_cast<std::uint32_t>(mix(mix(state, front), back));
}

}  // namespace

std::optional<std::uint32_t> TextTable::number(std::string_view text) {
  if (4 * (rows_.size() + 1) > 3 * slots_.size()) grow();
  const std::uint32_t key = hash(text);
  const std::size_t mask = slots_.size() - 1;
  std::size_t at = key & mask;
  for (std::size_t run = 0; slots_[at].row != 0; ++run) {
    if (slots_[at].key == key && this->text(slots_[at].row - 1) == text) return slots_[at].row - 1;
    if (run == longest_run) return std::nullopt;
    at = (at + 1) & mask;
  }
  if (bytes_ + text.size() + entry_bytes > max_bytes_ || text.size() > piece_bytes) {
    return std::nullopt;
  }
  bytes_ += text.size() + entry_bytes;
  keep(text);
  slots_[at] = {static_cast<std::uint32_t>(rows_.size()), key};
  return slots_[at].row - 1;
}

std::string_view TextTable::text(std::uint32_t number) const {
  const Row& row = rows_[number];
  if (row.bytes == 0) return {};  // lies in no piece
  return {pieces_[row.begin / piece_bytes].get() + row.begin % piece_bytes, row.bytes};
}

void TextTable::keep(std::string_view text) {
  if (text.size() > pieces_.size() * piece_bytes - used_) {
    used_ = static_cast<std::uint32_t>(pieces_.size() * piece_bytes);
    pieces_.push_back(std::make_unique_for_overwrite<char[]>(piece_bytes));
  }
  if (!text.empty()) {
    std::copy(text.begin(), text.end(), pieces_.back().get() + used_ % piece_bytes);
  }
  rows_.push_back({used_, static_cast<std::uint32_t>(text.size())});
  used_ += rows_.back().bytes;
}

void TextTable::grow() {
  const std::vector<Slot> old = std::move(slots_);
  slots_.assign(std::max<std::size_t>(64, old.size() * 2), {});
  const std::size_t mask = slots_.size() - 1;
  for (const Slot& slot : old) {
    if (slot.row == 0) continue;
    std::size_t at = slot.key & mask;
    while (slots_[at].row != 0) at = (at + 1) & mask;
    slots_[at] = slot;
  }
}

}  // namespace brine::pickle
