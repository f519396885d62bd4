// What pickletools.dis follows of a pickle: how many values are on the stack, where the marks are,
// and which places of the memo are taken. It knows no types, and fails where pickletools does.
// Source: CPython 3.11 Lib/pickletools.py; facts only.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "brine/limits.hpp"
#include "pickle/memo.hpp"
#include "pickle/opcode.hpp"

namespace brine::pickle {

/// How an opcode finds what it pops.
enum class Marks : std::uint8_t {
  none,
  pops,         ///< everything down to the topmost mark, and then `pops` values
  pops_if_top,  ///< the mark, where it is the topmost, else `pops` values
  pushes,       ///< a mark
};

struct StackEffect {
  std::uint8_t pops = 0;
  std::uint8_t pushes = 0;
  Marks marks = Marks::none;
};

/// Every byte's row.
extern const std::array<StackEffect, 256> stack_effects;

/// The stack: values without marks cost nothing.
class ListingStack {
 public:
  std::size_t open_marks() const noexcept { return mark_offsets_.size(); }
  bool is_empty() const noexcept { return depth_ == 0; }
  bool is_mark_on_top() const noexcept { return values_.size() > 1 && values_.back() == 0; }
  /// Counts marks as values, as popping does.
  std::uint64_t depth() const noexcept { return depth_; }

  /// Pops everything down to the topmost mark and returns where that was pushed; nothing where a
  /// pop has taken it before. Requires: open_marks() > 0.
  std::optional<std::uint64_t> close_mark();
  /// Pops values and marks alike. Requires: depth() >= count.
  void pop(std::uint64_t count);
  void push(std::uint64_t count) {
    values_.back() += count;
    depth_ += count;
  }
  void push_mark(std::uint64_t offset);

 private:
  std::uint64_t depth_ = 0;
  std::vector<std::uint64_t> values_{0};  // below the first mark, above it, above the second, ...
  // Popping a mark as a value leaves its place here, as in pickletools.
  std::vector<std::uint64_t> mark_offsets_;
};

/// The places of the memo; a place is any integer.
class ListingMemo {
 public:
  explicit ListingMemo(const Limits& limits)
      : near_(limits.max_memo_entries), max_far_bytes_(limits.max_text_bytes) {}

  std::uint64_t size() const noexcept { return near_.size() + far_.size(); }
  bool holds(std::uint64_t place) const { return near_.get(place).has_value(); }
  bool holds(const std::string& digits) const;
  /// Returns false when the memo is over its limit.
  bool put(std::uint64_t place) { return near_.put(place, 1); }
  bool put(const std::string& digits);

 private:
  static std::optional<std::uint64_t> near_place(const std::string& digits);

  Memo<std::uint8_t, 0> near_;
  std::set<std::string> far_;  // negative places, and those over 64 bits
  std::uint64_t far_bytes_ = 0;
  std::uint64_t max_far_bytes_;
};

}  // namespace brine::pickle
