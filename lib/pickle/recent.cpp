#include "pickle/recent.hpp"

#include <utility>

namespace brine::pickle {

void Recent::put(Entry& entry, Abstracts items) {
  entry.is_whole = entry.is_whole && entry.items.size() + items.size() <= most_items;
  if (entry.is_whole) entry.items.insert(entry.items.end(), items.begin(), items.end());
}

std::uint32_t Recent::add(Abstracts items) {
  // A number that comes twice would make one tuple pass for another.
  if (last_ == ~std::uint32_t{0}) return 0;
  Entry& entry = kept_[++last_ % most_kept];
  entry.number = last_;
  entry.is_whole = true;
  entry.is_used = false;
  entry.is_shared = false;
  entry.items.clear();
  put(entry, items);
  return last_;
}

bool Recent::append(std::uint32_t number, Abstracts items) {
  Entry& entry = kept_[number % most_kept];
  if (number != 0 && entry.number == number) put(entry, items);
  return !sealed_.contains(number);
}

bool Recent::use(std::uint32_t number) {
  Entry& entry = kept_[number % most_kept];
  if (entry.number == number) entry.is_shared = std::exchange(entry.is_used, true);
  return !sealed_.contains(number);
}

std::optional<Abstracts> Recent::items(std::uint32_t number) const {
  const Entry& entry = kept_[number % most_kept];
  if (number == 0 || entry.number != number || !entry.is_whole) return std::nullopt;
  return Abstracts(entry.items);
}

bool Recent::seal(std::uint32_t number) {
  const Entry& entry = kept_[number % most_kept];
  if (sealed_.contains(number)) return true;
  if (entry.number != number || entry.is_shared || sealed_.size() >= most_sealed) return false;
  sealed_.insert(number);
  return true;
}

}  // namespace brine::pickle
