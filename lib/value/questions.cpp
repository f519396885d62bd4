// What a value is asked, and the lookups that lead down from it.
#include <fmt/format.h>

#include <array>

#include "base/arithmetic.hpp"
#include "base/text.hpp"
#include "brine/value.hpp"
#include "value/node.hpp"

namespace brine {
namespace {

using value::Access;

constexpr std::string_view names[] = {"none",  "bool",      "int",   "float",  "str",
                                      "bytes", "bytearray", "list",  "tuple",  "dict",
                                      "set",   "frozenset", "array", "symbol", "instance"};
static_assert(std::size(names) == static_cast<std::size_t>(Kind::instance) + 1);

[[noreturn]] void not_a(std::string_view wanted, const Value& found) {
  throw Error(Errc::usage, fmt::format("expected {}, found {}", wanted, to_string(found.kind())));
}

const value::Instance& instance_of(const Value& value) {
  if (!value.is(Kind::instance)) not_a("instance", value);
  return static_cast<const value::Instance&>(*Access::node(value));
}

const std::string& raw(const Value& value) {
  return static_cast<const value::Raw&>(*Access::node(value)).text;
}

const value::Array& array_of(const Value& value) {
  if (!value.is(Kind::array)) not_a("array", value);
  return static_cast<const value::Array&>(*Access::node(value));
}

const value::Pairs* pairs_of(const Value& value) {
  if (value.is(Kind::dict)) return &static_cast<const value::Dict&>(*Access::node(value)).pairs;
  return value.is(Kind::instance) ? &instance_of(value).pairs : nullptr;
}

// Attributes are the state of an instance, or the second half of it where there are __slots__.
const Value* find_in(const Value& value, const Value& key) {
  const value::Pairs* const pairs = pairs_of(value);
  const Value* found = pairs == nullptr ? nullptr : pairs->find(key);
  if (found != nullptr || !value.is(Kind::instance) || value.state() == nullptr) return found;
  const Value& state = *value.state();
  if (state.is(Kind::dict)) return find_in(state, key);
  if (!state.is(Kind::tuple) || state.size() != 2) return nullptr;
  for (const Value& half : state.items()) {
    if (half.is(Kind::dict) && found == nullptr) found = find_in(half, key);
  }
  return found;
}

std::string near_miss(const Value& value, std::string_view key) {
  const Value* const state = value.is(Kind::instance) ? value.state() : nullptr;
  const value::Pairs* const pairs = pairs_of(state != nullptr ? *state : value);
  if (pairs == nullptr) return {};
  std::vector<std::string_view> keys;
  for (const Value::Pair& pair : pairs->all()) {
    if (pair.first.is(Kind::text)) keys.push_back(pair.first.text());
  }
  const auto close = base::closest(key, keys);
  return close ? fmt::format("did you mean {}?", base::printable(*close)) : "";
}

Place find_place(const Value& value, std::string_view key, const std::string& path) {
  if (const Value* const found = value.find(key)) return Place(*found, path);
  if (!value.is(Kind::instance)) static_cast<void>(value.pairs());
  throw Error(Errc::usage, fmt::format("there is no {}", base::printable(path)),
              near_miss(value, key));
}

Place find_place(const Value& value, std::int64_t key, const std::string& path) {
  if (const Value* const found = value.find(key)) return Place(*found, path);
  if (!value.is(Kind::dict)) {
    const auto items = value.items();
    if (key >= 0 && static_cast<std::uint64_t>(key) < items.size()) {
      return Place(items[static_cast<std::size_t>(key)], path);
    }
  }
  throw Error(Errc::usage, fmt::format("there is no {}", base::printable(path)));
}

std::string joined(const std::string& path, std::string_view key) {
  return path.empty() ? std::string(key) : fmt::format("{}.{}", path, key);
}

}  // namespace

std::string_view to_string(Kind kind) noexcept { return names[static_cast<std::size_t>(kind)]; }

bool Value::boolean() const {
  if (!is(Kind::boolean)) not_a("bool", *this);
  return content_.flag;
}

std::int64_t Value::integer() const {
  if (!is(Kind::integer)) not_a("int", *this);
  if (!is_counted_) return content_.integer;
  throw Error(Errc::usage,
              fmt::format("expected int of at most 8 bytes, found one of {}", raw(*this).size()));
}

Bytes Value::integer_bytes() const {
  if (is(Kind::integer) && is_counted_) {
    const ByteView number = bytes_of(raw(*this));
    return {number.begin(), number.end()};
  }
  std::array<std::byte, 8> bytes{};
  const std::int64_t number = integer();
  base::put_little_endian(bytes.data(), static_cast<std::uint64_t>(number), 8);
  std::size_t size = 1;
  while (size < 8 && (number >> (8 * size - 1)) != 0 && (number >> (8 * size - 1)) != -1) ++size;
  return {bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size)};
}

double Value::real() const {
  if (is(Kind::integer)) return static_cast<double>(integer());
  if (!is(Kind::real)) not_a("float", *this);
  return content_.real;
}

std::string_view Value::text() const {
  if (!is(Kind::text)) not_a("str", *this);
  return raw(*this);
}

ByteView Value::bytes() const {
  if (!is(Kind::bytes) && !is(Kind::byte_array)) not_a("bytes", *this);
  return bytes_of(raw(*this));
}

const Symbol& Value::symbol() const {
  if (!is(Kind::symbol)) not_a("symbol", *this);
  return static_cast<const value::Name&>(*content_.node).symbol;
}

ArrayView Value::array_view() const {
  const value::Array& array = array_of(*this);
  return {array.dtype, array.shape, array.order, array.data};
}

ByteView Value::elements(std::string_view dtype, std::size_t alignment) const {
  const value::Array& array = array_of(*this);
  if (array.dtype != dtype) {
    throw Error(Errc::usage, fmt::format("expected array of {}, found array of {}", dtype,
                                         base::printable(array.dtype)));
  }
  if (reinterpret_cast<std::uintptr_t>(array.data.data()) % alignment != 0) {
    throw Error(Errc::usage, fmt::format("the elements of an array of {} are not aligned", dtype));
  }
  return array.data;
}

std::size_t Value::size() const {
  if (is(Kind::bytes) || is(Kind::byte_array)) return bytes().size();
  if (is(Kind::array)) {
    const auto shape = array_view().shape;
    if (shape.empty()) not_a("array of one extent at least", *this);
    return static_cast<std::size_t>(shape[0]);
  }
  if (is(Kind::dict)) return pairs().size();
  return is(Kind::instance) && items().empty() ? pairs().size() : items().size();
}

std::span<const Value> Value::items() const {
  if (is(Kind::instance)) return instance_of(*this).items;
  if (kind_ < Kind::list || kind_ > Kind::frozen_set || kind_ == Kind::dict) not_a("list", *this);
  return static_cast<const value::Sequence&>(*content_.node).items;
}

std::span<const Value::Pair> Value::pairs() const {
  const value::Pairs* const pairs = pairs_of(*this);
  if (pairs == nullptr) not_a("dict", *this);
  return pairs->all();
}

const Value* Value::find(std::string_view key) const {
  return pairs_of(*this) == nullptr ? nullptr : find_in(*this, Value(key));
}

const Value* Value::find(std::int64_t key) const {
  return pairs_of(*this) == nullptr ? nullptr : find_in(*this, Value(key));
}

Place Value::operator[](std::string_view key) const {
  return find_place(*this, key, joined({}, key));
}
Place Value::operator[](std::int64_t key) const {
  return find_place(*this, key, fmt::format("[{}]", key));
}

const Value& Value::callable() const { return instance_of(*this).callable; }
const Value& Value::arguments() const { return instance_of(*this).arguments; }
Form Value::form() const { return instance_of(*this).form; }

const Value* Value::state() const {
  const auto& state = instance_of(*this).state;
  return state ? &*state : nullptr;
}

bool Value::same_object(const Value& other) const noexcept {
  return is_counted_ && other.is_counted_ && content_.node == other.content_.node;
}

Place Place::operator[](std::string_view key) const {
  return in_context(path_, [&] { return find_place(*value_, key, joined(path_, key)); });
}

Place Place::operator[](std::int64_t key) const {
  return in_context(path_,
                    [&] { return find_place(*value_, key, fmt::format("{}[{}]", path_, key)); });
}

bool Place::boolean() const {
  return in_context(path_, [&] { return value_->boolean(); });
}
std::int64_t Place::integer() const {
  return in_context(path_, [&] { return value_->integer(); });
}
double Place::real() const {
  return in_context(path_, [&] { return value_->real(); });
}
std::string_view Place::text() const {
  return in_context(path_, [&] { return value_->text(); });
}
ByteView Place::bytes() const {
  return in_context(path_, [&] { return value_->bytes(); });
}
const Symbol& Place::symbol() const {
  return in_context(path_, [&]() -> const Symbol& { return value_->symbol(); });
}
ArrayView Place::array_view() const {
  return in_context(path_, [&] { return value_->array_view(); });
}
std::size_t Place::size() const {
  return in_context(path_, [&] { return value_->size(); });
}
std::span<const Value> Place::items() const {
  return in_context(path_, [&] { return value_->items(); });
}
std::span<const Value::Pair> Place::pairs() const {
  return in_context(path_, [&] { return value_->pairs(); });
}

}  // namespace brine
