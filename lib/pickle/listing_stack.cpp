#include "pickle/listing_stack.hpp"

#include <algorithm>
#include <charconv>
#include <initializer_list>

namespace brine::pickle {
namespace {

constexpr std::array<StackEffect, 256> effects_by_byte() {
  using enum Op;
  std::array<StackEffect, 256> table{};
  table.fill({0, 1, Marks::none});  // what pushes one value is the most
  const auto set = [&](StackEffect effect, std::initializer_list<Op> ops) {
    for (const Op op : ops) table[static_cast<std::uint8_t>(op)] = effect;
  };
  set({0, 0, Marks::none}, {put, binput, long_binput, proto, frame});
  set({0, 0, Marks::pushes}, {mark});
  set({1, 0, Marks::none}, {stop});
  set({1, 0, Marks::pops_if_top}, {pop});
  set({1, 1, Marks::none}, {readonly_buffer, tuple1, memoize, binpersid});
  set({1, 2, Marks::none}, {dup});
  set({2, 1, Marks::none}, {Op::append, tuple2, stack_global, reduce, build, newobj});
  set({3, 1, Marks::none}, {tuple3, setitem, newobj_ex});
  set({0, 0, Marks::pops}, {pop_mark});
  set({0, 1, Marks::pops}, {list, tuple, dict, frozenset, inst, obj});
  set({1, 1, Marks::pops}, {appends, setitems, additems});
  return table;
}

constexpr std::array<StackEffect, 256> indexed = effects_by_byte();

}  // namespace

const std::array<StackEffect, 256> stack_effects = indexed;

std::optional<std::uint64_t> ListingStack::close_mark() {
  const std::uint64_t offset = mark_offsets_.back();
  mark_offsets_.pop_back();
  if (values_.size() == 1) return std::nullopt;
  depth_ -= values_.back() + 1;
  values_.pop_back();
  return offset;
}

void ListingStack::pop(std::uint64_t count) {
  depth_ -= count;
  while (count > 0) {
    if (values_.back() == 0) {
      values_.pop_back();
      --count;
    }
    const std::uint64_t taken = std::min(count, values_.back());
    values_.back() -= taken;
    count -= taken;
  }
}

void ListingStack::push_mark(std::uint64_t offset) {
  mark_offsets_.push_back(offset);
  values_.push_back(0);
  ++depth_;
}

bool ListingMemo::holds(const std::string& digits) const {
  const auto place = near_place(digits);
  return place ? holds(*place) : far_.contains(digits);
}

bool ListingMemo::put(const std::string& digits) {
  if (const auto place = near_place(digits)) return put(*place);
  if (far_.insert(digits).second) far_bytes_ += digits.size() + sizeof(std::string) + 32;
  return far_bytes_ <= max_far_bytes_;
}

std::optional<std::uint64_t> ListingMemo::near_place(const std::string& digits) {
  std::uint64_t place = 0;
  const auto answer = std::from_chars(digits.data(), digits.data() + digits.size(), place);
  const bool whole = answer.ec == std::errc() && answer.ptr == digits.data() + digits.size();
  return whole ? std::optional(place) : std::nullopt;
}

}  // namespace brine::pickle
