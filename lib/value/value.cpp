// Handles: made, copied, dropped, changed. What they are asked is in questions.cpp.
#include "brine/value.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/arithmetic.hpp"
#include "value/dtype.hpp"
#include "value/node.hpp"

namespace brine {
namespace {

using value::Access;

// Python's order of bytes: least significant first, the sign in the highest bit of the last.
std::size_t needed_bytes(ByteView number) {
  std::size_t size = number.size();
  const auto byte = [&](std::size_t i) { return std::to_integer<unsigned>(number[i]); };
  while (size > 1 && byte(size - 1) == ((byte(size - 2) & 0x80) != 0 ? 0xffU : 0U)) --size;
  return size;
}

std::uint64_t elements_of(const Shape& shape) {
  if (std::find(shape.begin(), shape.end(), 0U) != shape.end()) return 0;
  std::uint64_t count = 1;
  for (const std::uint64_t extent : shape) {
    if (__builtin_mul_overflow(count, extent, &count)) {
      throw Error(Errc::usage, "the shape of an array has more elements than can be counted");
    }
  }
  return count;
}

Value sequence(Kind kind, std::vector<Value> items) {
  auto node = std::make_unique<value::Sequence>(kind);
  node->items = std::move(items);
  return Access::adopt(node.release());
}

[[noreturn]] void cannot(const Value& value, std::string_view what) {
  throw Error(Errc::usage, fmt::format("{} cannot {}", to_string(value.kind()), what));
}

// What closes a ring of objects passes here: see value::Reaper.
void before_taking(const Value& taker, const Value& taken) {
  value::Node* const node = Access::node(taker);
  const bool holds_others =
      taken.is(Kind::instance) || (taken.kind() >= Kind::list && taken.kind() < Kind::array);
  if (holds_others && node->references > 1) node->is_suspect = true;
}

}  // namespace

Value Value::small(std::int64_t number) noexcept {
  Value value;
  value.kind_ = Kind::integer;
  value.content_.integer = number;
  return value;
}

Value Value::large(std::uint64_t number) {
  std::array<std::byte, 9> bytes{};
  base::put_little_endian(bytes.data(), number, 8);
  return integer(bytes);
}

Value::Value(std::string_view text) : Value(Access::adopt(new value::Raw(Kind::text, text))) {}

Value Value::bytes(ByteView bytes) {
  return Access::adopt(new value::Raw(Kind::bytes, text_of(bytes)));
}

Value Value::byte_array(ByteView bytes) {
  return Access::adopt(new value::Raw(Kind::byte_array, text_of(bytes)));
}

Value Value::integer(ByteView twos_complement) {
  const ByteView number = twos_complement.first(needed_bytes(twos_complement));
  if (number.size() > 8) return Access::adopt(new value::Raw(Kind::integer, text_of(number)));
  if (number.empty()) return 0;
  const bool is_negative = (number.back() & std::byte{0x80}) != std::byte{};
  std::uint64_t bits = base::little_endian(number.data(), number.size());
  if (is_negative && number.size() < 8) bits |= ~std::uint64_t{0} << (8 * number.size());
  return small(static_cast<std::int64_t>(bits));
}

Value Value::list(std::vector<Value> items) { return sequence(Kind::list, std::move(items)); }
Value Value::tuple(std::vector<Value> items) { return sequence(Kind::tuple, std::move(items)); }
Value Value::set(std::vector<Value> items) { return sequence(Kind::set, std::move(items)); }
Value Value::frozen_set(std::vector<Value> items) {
  return sequence(Kind::frozen_set, std::move(items));
}

Value Value::dict(std::vector<Pair> pairs) {
  auto node = std::make_unique<value::Dict>();
  for (auto& [key, item] : pairs) node->pairs.set(std::move(key), std::move(item));
  return Access::adopt(node.release());
}

Value Value::symbol(std::string module, std::string name) {
  return Access::adopt(new value::Name({std::move(module), std::move(name)}));
}

Value Value::instance(Value callable, Value arguments, Form form) {
  const bool has_form =
      arguments.is(Kind::tuple) && (form != Form::new_ex || arguments.items().size() == 2);
  if (!has_form) cannot(arguments, "be the arguments of this form of instance");
  if (!value::is_callable(callable.kind())) cannot(callable, "be called");
  auto node = std::make_unique<value::Instance>(form);
  node->callable = std::move(callable);
  node->arguments = std::move(arguments);
  return Access::adopt(node.release());
}

Value Value::array(std::string_view dtype, Shape shape, ByteView data,
                   std::shared_ptr<const void> keeper, Order order) {
  const auto type = value::parse_dtype(dtype);
  if (!type) {
    throw Error(Errc::usage, fmt::format("{} is no plain dtype such as <f4", dtype));
  }
  const std::uint64_t count = elements_of(shape);
  if (data.size() / type->item_bytes != count || data.size() % type->item_bytes != 0) {
    throw Error(Errc::usage,
                fmt::format("an array of {} elements of {} takes {} bytes each, there are {} bytes",
                            count, dtype, type->item_bytes, data.size()));
  }
  auto node = std::make_unique<value::Array>();
  node->dtype = dtype;
  node->shape = std::move(shape);
  node->order = order;
  node->data = data;
  node->keeper = std::move(keeper);
  return Access::adopt(node.release());
}

Value::Value(const Value& other) noexcept
    : content_(other.content_), kind_(other.kind_), is_counted_(other.is_counted_) {
  if (is_counted_) content_.node->references.fetch_add(1, std::memory_order_relaxed);
}

Value::Value(Value&& other) noexcept
    : content_(other.content_), kind_(other.kind_), is_counted_(other.is_counted_) {
  Access::release(other);
}

Value& Value::operator=(const Value& other) noexcept { return *this = Value(other); }

Value& Value::operator=(Value&& other) noexcept {
  Value taken(std::move(other));  // and goes with what this one held
  std::swap(content_, taken.content_);
  std::swap(kind_, taken.kind_);
  std::swap(is_counted_, taken.is_counted_);
  return *this;
}

Value::~Value() {
  if (!is_counted_) return;
  value::Reaper reaper;
  reaper.drop(content_.node);
  reaper.run();
}

void Value::append(Value item) {
  if (is(Kind::instance)) {
    before_taking(*this, item);
    static_cast<value::Instance*>(content_.node)->items.push_back(std::move(item));
  } else if (is(Kind::list) || is(Kind::set)) {
    before_taking(*this, item);
    static_cast<value::Sequence*>(content_.node)->items.push_back(std::move(item));
  } else {
    cannot(*this, "take an item");
  }
}

void Value::set(Value key, Value item) {
  if (!is(Kind::instance) && !is(Kind::dict)) cannot(*this, "take a pair");
  before_taking(*this, key);
  before_taking(*this, item);
  Access::fill(*this, std::move(key), std::move(item));
}

void Value::set_state(Value state) {
  if (!is(Kind::instance)) cannot(*this, "take a state");
  before_taking(*this, state);
  static_cast<value::Instance*>(content_.node)->state = std::move(state);
}

}  // namespace brine
