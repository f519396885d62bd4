#include "pickle/recent.hpp"

#include <algorithm>
#include <utility>

namespace brine::pickle {
namespace {

constexpr std::uint32_t last_number = ~std::uint32_t{0};

std::optional<std::uint64_t> product(Abstracts numbers) {
  std::uint64_t all = 1;
  for (const Abstract& each : numbers) {
    const auto number = number_of(each);
    if (!number || (*number != 0 && all > (1ULL << 32) / *number)) return std::nullopt;
    all *= *number;
  }
  return all;
}

}  // namespace

template <typename Row>
Row& Recent::row_for(std::vector<Row>& rows, std::size_t most, std::uint32_t number) {
  const std::size_t at = number % most;
  if (at >= rows.size()) rows.resize(std::min(most, std::max<std::size_t>(8, 2 * at)));
  rows[at].number = number;
  return rows[at];
}

template <typename Row>
Row* Recent::find(std::vector<Row>& rows, std::size_t most, std::uint32_t number) {
  const std::size_t at = number % most;
  const bool is_known = number != 0 && at < rows.size() && rows[at].number == number;
  return is_known ? &rows[at] : nullptr;
}

void Recent::put(Entry& entry, Abstracts items) {
  entry.is_whole = entry.is_whole && entry.items.size() + items.size() <= most_items;
  if (entry.is_whole) entry.items.insert(entry.items.end(), items.begin(), items.end());
}

std::uint32_t Recent::add(Abstracts items) {
  // A number that comes twice would make one tuple pass for another.
  if (last_ == last_number) return 0;
  Entry& entry = row_for(kept_, most_kept, ++last_);
  entry.is_whole = true;
  entry.is_used = false;
  entry.is_shared = false;
  entry.is_taken = false;
  entry.items.clear();
  put(entry, items);
  if (const auto count = product(items)) row_for(counts_, most_counts, last_).count = *count;
  return last_;
}

std::uint32_t Recent::add_list(std::size_t length) {
  if (last_ == last_number) return 0;
  row_for(counts_, most_counts, ++last_).count = length;
  return last_;
}

void Recent::lengthen(std::uint32_t number, std::size_t by) {
  if (Count* row = find(counts_, most_counts, number)) row->count += by;
}

std::optional<std::uint64_t> Recent::count(std::uint32_t number) {
  const Count* row = find(counts_, most_counts, number);
  return row == nullptr ? std::nullopt : std::optional(row->count);
}

bool Recent::append(std::uint32_t number, Abstracts items) {
  if (Entry* entry = find(kept_, most_kept, number)) put(*entry, items);
  return !sealed_.contains(number);
}

bool Recent::use(std::uint32_t number) {
  if (Entry* entry = find(kept_, most_kept, number)) {
    entry->is_shared = std::exchange(entry->is_used, true);
  }
  return !sealed_.contains(number);
}

bool Recent::take(std::uint32_t number) {
  Entry* entry = find(kept_, most_kept, number);
  return entry != nullptr && !entry->is_used && !std::exchange(entry->is_taken, true);
}

Recent::Taken Recent::take_back(std::uint32_t number) {
  Entry* entry = find(kept_, most_kept, number);
  if (entry == nullptr) return Taken::unknown;
  return std::exchange(entry->is_taken, false) ? Taken::yes : Taken::no;
}

std::optional<Abstracts> Recent::items(std::uint32_t number) {
  const Entry* entry = find(kept_, most_kept, number);
  if (entry == nullptr || !entry->is_whole) return std::nullopt;
  return Abstracts(entry->items);
}

bool Recent::seal(std::uint32_t number) {
  if (sealed_.contains(number)) return true;
  const Entry* entry = find(kept_, most_kept, number);
  if (entry == nullptr || entry->is_shared || sealed_.size() >= most_sealed) return false;
  sealed_.insert(number);
  return true;
}

}  // namespace brine::pickle
