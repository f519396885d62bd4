// The memo of a pickle: values under numbers that the pickle chooses.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

namespace brine::pickle {

/// Holds values of a small type; `hole` is the one that is never put.
template <typename Value, Value hole>
class Memo {
 public:
  explicit Memo(std::uint64_t max_entries) : max_entries_(max_entries) {}

  /// Returns false when the memo is over its limit.
  bool put(std::uint64_t index, Value value) {
    if (index == near_.size() && far_.empty()) {  // nearly always
      near_.push_back(value);
      return ++count_ <= max_entries_;
    }
    return put_anywhere(index, value);
  }

  std::optional<Value> get(std::uint64_t index) const {
    const Value* const found = find(index);
    return found == nullptr ? std::nullopt : std::optional(*found);
  }

  /// The same in its place; null where nothing was put. Lifetime: until the next put().
  const Value* find(std::uint64_t index) const {
    if (index < near_.size() && near_[index] != hole) return &near_[index];
    return far_.empty() ? nullptr : find_far(index);
  }

  /// Returns how many values were put, which is where MEMOIZE puts the next.
  std::uint64_t size() const noexcept { return count_; }

 private:
  [[gnu::noinline]] bool put_anywhere(std::uint64_t index, Value value) {
    const bool beyond = index >= near_.size() && index > 2 * count_ + largest_gap;
    const bool is_far = beyond || (!far_.empty() && far_.contains(index));
    if (!is_far && index >= near_.size()) near_.resize(index + 1, hole);
    Value& entry = is_far ? far_.try_emplace(index, hole).first->second : near_[index];
    if (entry == hole) ++count_;
    entry = value;
    return count_ + far_.size() * (far_entry_places - 1) <= max_entries_;
  }

  [[gnu::noinline]] const Value* find_far(std::uint64_t index) const {
    const auto far = far_.find(index);
    return far == far_.end() ? nullptr : &far->second;
  }

  // A PUT far beyond what the memo holds goes into a map: a stream of ten bytes must not allocate
  // gigabytes. So at least every second place of the vector is taken, but for these.
  static constexpr std::uint64_t largest_gap = 1U << 16;
  // What an entry of that map costs, in places of the vector.
  static constexpr std::uint64_t far_entry_places = 8;

  std::uint64_t max_entries_;
  std::uint64_t count_ = 0;
  std::vector<Value> near_;
  // Ordered, not hashed: its keys come from outside and could be made to collide.
  std::map<std::uint64_t, Value> far_;
};

}  // namespace brine::pickle
