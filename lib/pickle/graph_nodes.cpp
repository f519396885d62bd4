// The nodes of a graph: what is asked of them, and how they come onto the stack.
#include <fmt/format.h>

#include "pickle/graph.hpp"

namespace brine::pickle {

std::optional<std::string_view> Graph::text(NodeId id) const {
  if (!is(id, NodeKind::text) || nodes_[id].number == no_row) return std::nullopt;
  return texts_.text(nodes_[id].number);
}

std::optional<std::int64_t> Graph::integer(NodeId id) const {
  if (!is(id, NodeKind::integer) || nodes_[id].number == no_row) return std::nullopt;
  return integers_[nodes_[id].number];
}

const Symbol* Graph::symbol(NodeId id) const {
  return is(id, NodeKind::symbol) ? &symbols_[nodes_[id].number] : nullptr;
}

const Graph::Object& Graph::object(NodeId id) const {
  static const Object nothing;
  if (id >= size()) return nothing;
  switch (nodes_[id].kind) {
    case NodeKind::list:
    case NodeKind::tuple:
    case NodeKind::set:
    case NodeKind::dict:
    case NodeKind::call:
    case NodeKind::persistent:
    case NodeKind::other:
      return objects_[nodes_[id].number];
    default:
      return nothing;
  }
}

std::vector<Item> Graph::items(NodeId id) const {
  const Object& owner = object(id);
  std::vector<Item> items;
  items.reserve(owner.item_count);
  for (std::uint32_t link = owner.first_item; items.size() < owner.item_count;) {
    items.push_back(links_[link].item);
    link = links_[link].next;
  }
  return items;
}

NodeId Graph::pop() {
  const NodeId id = stack_.back();
  stack_.pop_back();
  return id;
}

// Returns how many values stood above the mark.
std::size_t Graph::pop_mark() {
  const std::size_t count = stack_.size() - marks_.back();
  marks_.pop_back();
  return count;
}

std::string Graph::mark_problem(const Token& token, Form form) const {
  if (marks_.empty()) return fmt::format("{} finds no mark", token.code->name);
  if (form == Form::singles || (stack_.size() - marks_.back()) % 2 == 0) return {};
  return fmt::format("{} wants pairs and there is an odd value", token.code->name);
}

std::string Graph::push(NodeId id) {
  if (stack_.size() + marks_.size() >= limits_.max_stack_depth) {
    return fmt::format("max_stack_depth: more than {} values at once", limits_.max_stack_depth);
  }
  stack_.push_back(id);
  return {};
}

std::string Graph::push_new(const Token& token, NodeKind kind, std::uint32_t number) {
  if (nodes_.size() >= limits_.max_nodes) {
    return fmt::format("max_nodes: more than {} objects", limits_.max_nodes);
  }
  nodes_.push_back({kind, token.code->op, number, token.argument_offset, token.argument_bytes});
  return push(static_cast<NodeId>(nodes_.size() - 1));
}

std::string Graph::push_object(const Token& token, NodeKind kind, const Object& object) {
  objects_.push_back(object);
  return push_new(token, kind, static_cast<std::uint32_t>(objects_.size() - 1));
}

// Gathers the topmost `count` values.
std::string Graph::push_container(const Token& token, NodeKind kind, std::size_t count,
                                  Form form) {
  const auto id = static_cast<NodeId>(nodes_.size());
  if (std::string why = push_object(token, kind, {}); !why.empty()) return why;
  stack_.pop_back();
  if (std::string why = move_items(count, form, id); !why.empty()) return why;
  return push(id);
}

std::string Graph::push_call(const Token& token, NodeId callable, NodeId arguments) {
  return push_object(token, NodeKind::call, {.callable = callable, .arguments = arguments});
}

// Moves the topmost `count` values into `to`, where it is something that can take them.
std::string Graph::move_items(std::size_t count, Form form, NodeId to) {
  const std::size_t begin = stack_.size() - count;
  const std::size_t stride = form == Form::pairs ? 2 : 1;
  const NodeKind kind = nodes_[to].kind;
  const bool takes = kind >= NodeKind::list && kind != NodeKind::symbol;
  if (takes && count / stride > limits_.max_nodes - links_.size()) {
    return fmt::format("max_nodes: more than {} places in containers", limits_.max_nodes);
  }
  for (std::size_t at = begin; takes && at < stack_.size(); at += stride) {
    Object& owner = objects_[nodes_[to].number];
    const auto link = static_cast<std::uint32_t>(links_.size());
    (owner.item_count == 0 ? owner.first_item : links_[owner.last_item].next) = link;
    owner.last_item = link;
    ++owner.item_count;
    links_.push_back({{form == Form::pairs ? stack_[at] : no_node, stack_[at + stride - 1]}, 0});
  }
  stack_.resize(begin);
  return {};
}

}  // namespace brine::pickle
