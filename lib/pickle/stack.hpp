// The stack of a pickle and its marks.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace brine::pickle {

/// Holds values of a small type. A mark bars what lies below it. Lifetime: spans are valid until
/// the next push.
template <typename Value>
class Stack {
 public:
  /// `max_depth`: of values and marks together.
  explicit Stack(std::uint64_t max_depth) : max_depth_(max_depth) {}

  /// Returns false when the stack is at its limit.
  bool push(Value value) {
    if (size_ == room_ && !grow()) return false;
    slots_[size_++] = value;
    return true;
  }
  /// `offset`: of its MARK.
  bool push_mark(std::uint64_t offset) {
    if (size_ == room_ && !grow()) return false;
    marks_.push_back({size_, offset});
    settle_marks();
    return true;
  }

  std::size_t size() const noexcept { return size_; }
  /// Whether `count` values are in reach.
  bool has(std::size_t count) const noexcept { return size_ - fence_ >= count; }
  bool has_mark() const noexcept { return !marks_.empty(); }
  bool has_mark_on_top() const noexcept { return has_mark() && fence_ == size_; }

  // Each of these requires that what it names is there.
  Value top(std::size_t below = 0) const { return slots_[size_ - 1 - below]; }
  std::span<const Value> topmost(std::size_t count) const {
    return {slots_.data() + (size_ - count), count};
  }
  std::size_t above_mark() const { return size_ - fence_; }
  void drop(std::size_t count) { size_ -= count; }
  /// Returns how many values stood above it.
  std::size_t drop_mark() {
    const std::size_t count = above_mark();
    taken_mark_ = marks_.back().offset;
    marks_.pop_back();
    settle_marks();
    return count;
  }

  /// Offset of the mark that was dropped last.
  std::uint64_t taken_mark() const noexcept { return taken_mark_; }

  void clear() {
    size_ = 0;
    marks_.clear();
    settle_marks();
  }

 private:
  struct Mark {
    std::size_t height = 0;  // of the stack
    std::uint64_t offset = 0;
  };

  [[gnu::cold, gnu::noinline]] bool grow() {
    if (size_ + marks_.size() >= max_depth_) return false;
    slots_.resize(std::max<std::size_t>(64, 2 * slots_.size()));
    settle_marks();
    return true;
  }

  void settle_marks() {
    fence_ = marks_.empty() ? 0 : marks_.back().height;
    const std::uint64_t allowed = max_depth_ - std::min<std::uint64_t>(max_depth_, marks_.size());
    room_ = static_cast<std::size_t>(std::min<std::uint64_t>(allowed, slots_.size()));
  }

  std::uint64_t max_depth_;
  std::vector<Value> slots_;  // the first size_ are taken
  std::size_t size_ = 0;
  std::vector<Mark> marks_;
  std::uint64_t taken_mark_ = 0;
  std::size_t fence_ = 0;  // where the last mark stands
  std::size_t room_ = 0;   // values that fit without growing or breaching the limit
};

}  // namespace brine::pickle
