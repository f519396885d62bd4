#include "value/node.hpp"

namespace brine::value {
namespace {

// Below this, a search through all pairs is as fast as an index.
constexpr std::size_t few = 8;

}  // namespace

std::optional<Pairs::Key> Pairs::key_of(const Value& value) {
  if (value.is(Kind::text)) return value.text();
  // An integer of more than 64 bits is an object, and no key to look up.
  if (value.is(Kind::integer) && value.identity() == nullptr) return value.integer();
  return std::nullopt;
}

std::optional<std::size_t> Pairs::place_of(const Key& key) const {
  if (index_) {
    const auto known = index_->find(key);
    return known == index_->end() ? std::nullopt : std::optional(known->second);
  }
  for (std::size_t i = 0; i < pairs_.size(); ++i) {
    if (key_of(pairs_[i].first) == key) return i;
  }
  return std::nullopt;
}

const Value* Pairs::find(const Value& key) const {
  const auto known = key_of(key);
  const auto place = known ? place_of(*known) : std::nullopt;
  return place ? &pairs_[*place].second : nullptr;
}

void Pairs::set(Value key, Value item) {
  const auto known = key_of(key);
  if (const auto place = known ? place_of(*known) : std::nullopt) {
    pairs_[*place].second = std::move(item);
    return;
  }
  pairs_.emplace_back(std::move(key), std::move(item));
  if (index_) {
    // The text in the pair, not that of the argument, which is gone soon.
    if (known) index_->emplace(*key_of(pairs_.back().first), pairs_.size() - 1);
  } else if (pairs_.size() > few) {
    index_ = std::make_unique<std::map<Key, std::size_t>>();
    for (std::size_t i = 0; i < pairs_.size(); ++i) {
      if (const auto each = key_of(pairs_[i].first)) index_->emplace(*each, i);
    }
  }
}

Value Access::adopt(Node* node) noexcept {
  Value value;
  value.kind_ = node->kind;
  value.content_.node = node;
  value.is_counted_ = true;
  return value;
}

Node* Access::release(Value& value) noexcept {
  Node* const node = Access::node(value);
  value.kind_ = Kind::none;
  value.is_counted_ = false;
  return node;
}

void Access::fill(const Value& to, std::vector<Value> items) {
  Node* const node = Access::node(to);
  (to.is(Kind::instance) ? static_cast<Instance*>(node)->items
                         : static_cast<Sequence*>(node)->items) = std::move(items);
}

void Access::fill(const Value& to, Value key, Value item) {
  Node* const node = Access::node(to);
  (to.is(Kind::instance) ? static_cast<Instance*>(node)->pairs : static_cast<Dict*>(node)->pairs)
      .set(std::move(key), std::move(item));
}

void Access::suspect(const Value& value) noexcept { Access::node(value)->is_suspect = true; }

}  // namespace brine::value
