#include "value/node.hpp"

namespace brine::value {
namespace {

bool holds_others(const Node* node) {
  return node->kind == Kind::instance || (node->kind >= Kind::list && node->kind < Kind::array);
}

template <typename Visit>
void visit_pairs(Pairs& pairs, Visit& visit) {
  for (auto& [key, item] : pairs.all()) {
    visit(key);
    visit(item);
  }
}

template <typename Visit>
void for_each_held(Node* node, Visit visit) {
  if (node->kind == Kind::dict) {
    visit_pairs(static_cast<Dict*>(node)->pairs, visit);
  } else if (node->kind == Kind::instance) {
    auto* const instance = static_cast<Instance*>(node);
    visit(instance->callable);
    visit(instance->arguments);
    if (instance->state) visit(*instance->state);
    for (Value& item : instance->items) visit(item);
    visit_pairs(instance->pairs, visit);
  } else if (holds_others(node)) {
    for (Value& item : static_cast<Sequence*>(node)->items) visit(item);
  }
}

void destroy(Node* node) noexcept {
  switch (node->kind) {
    case Kind::array:
      delete static_cast<Array*>(node);
      break;
    case Kind::symbol:
      delete static_cast<Name*>(node);
      break;
    case Kind::dict:
      delete static_cast<Dict*>(node);
      break;
    case Kind::instance:
      delete static_cast<Instance*>(node);
      break;
    case Kind::list:
    case Kind::tuple:
    case Kind::set:
    case Kind::frozen_set:
      delete static_cast<Sequence*>(node);
      break;
    default:
      delete static_cast<Raw*>(node);
  }
}

void push(Node*& front, Node* node) {
  node->next_waiting = front;
  front = node;
}

Node* pop(Node*& front) {
  Node* const node = front;
  front = node->next_waiting;
  return node;
}

}  // namespace

void Reaper::drop(Node* node) noexcept {
  const bool is_suspect = node->is_suspect;  // asked now: another thread may free it after this
  if (node->references.fetch_sub(1, std::memory_order_acq_rel) == 1) return push(dead_, node);
  if (!is_suspect || node->is_listed) return;
  ++node->references;  // one for the list of suspects
  node->is_listed = true;
  push(suspects_, node);
}

void Reaper::run() noexcept {
  while (dead_ != nullptr || suspects_ != nullptr) {
    free_dead();
    if (suspects_ != nullptr) try_suspects();
  }
}

void Reaper::free_dead() noexcept {
  while (dead_ != nullptr) {
    Node* const node = pop(dead_);
    drop_contents(node);
    destroy(node);
  }
}

void Reaper::drop_contents(Node* node) noexcept {
  for_each_held(node, [&](Value& held) {
    if (Node* const other = Access::release(held)) drop(other);
  });
}

void Reaper::see(Node* node) noexcept {
  if (!node->is_seen) {
    node->is_seen = true;
    node->is_alive = false;
    node->inner_references = 0;
    node->next_seen = nullptr;
    (first_seen_ == nullptr ? first_seen_ : last_seen_->next_seen) = node;
    last_seen_ = node;
  }
  ++node->inner_references;
}

void Reaper::try_suspects() noexcept {
  while (suspects_ != nullptr) see(pop(suspects_));
  // The list grows while it is walked: breadth first.
  for (Node* node = first_seen_; node != nullptr; node = node->next_seen) {
    for_each_held(node, [&](Value& held) {
      Node* const other = Access::node(held);
      if (other != nullptr && holds_others(other)) see(other);
    });
  }
  keep_what_is_held_from_outside();
  settle();
}

void Reaper::keep(Node* node) noexcept {
  if (node->is_alive) return;
  node->is_alive = true;
  push(kept_, node);
}

void Reaper::keep_what_is_held_from_outside() noexcept {
  for (Node* node = first_seen_; node != nullptr; node = node->next_seen) {
    if (node->references > node->inner_references) keep(node);
    while (kept_ != nullptr) {
      for_each_held(pop(kept_), [&](Value& held) {
        Node* const other = Access::node(held);
        if (other != nullptr && holds_others(other)) keep(other);
      });
    }
  }
}

// Nobody is a suspect meanwhile, so that what is dropped here begins no second trial.
void Reaper::settle() noexcept {
  for (Node* node = first_seen_; node != nullptr; node = node->next_seen) node->is_suspect = false;
  for (Node* node = first_seen_; node != nullptr; node = node->next_seen) {
    if (!node->is_alive) drop_contents(node);
  }
  for (Node* node = first_seen_; node != nullptr;) {
    Node* const next = node->next_seen;
    node->is_seen = false;
    // Whoever is alive may be in the ring, and the last handle may be one to any part of it.
    node->is_suspect = node->is_alive;
    if (node->is_listed) {
      node->is_listed = false;
      if (--node->references == 0) push(dead_, node);
    }
    node = next;
  }
  first_seen_ = last_seen_ = nullptr;
}

void drop_all(std::vector<Value>& values) noexcept {
  Reaper reaper;
  for (Value& value : values) {
    if (Node* const node = Access::release(value)) reaper.drop(node);
  }
  reaper.run();
  values.clear();
}

}  // namespace brine::value
