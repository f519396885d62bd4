#include "pickle/graph.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/arithmetic.hpp"
#include "pickle/literal.hpp"
#include "pickle/numeral.hpp"

namespace brine::pickle {
namespace {

std::optional<std::int64_t> spelled_integer(std::string_view text) {
  if (text.ends_with('L')) text.remove_suffix(1);
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc{} ? std::optional(value) : std::nullopt;
}

// Two's complement, least significant byte first.
std::optional<std::int64_t> signed_integer(ByteView bytes) {
  if (bytes.size() > 8) return std::nullopt;
  std::uint64_t value = base::little_endian(bytes.data(), bytes.size());
  const bool is_negative = !bytes.empty() && (bytes.back() & std::byte{0x80}) != std::byte{};
  if (is_negative && bytes.size() < 8) value |= ~std::uint64_t{0} << (8 * bytes.size());
  return static_cast<std::int64_t>(value);
}

std::optional<std::int64_t> integer_of(const Token& token) {
  if (spelling_of(token) != Spelling::plain) return std::nullopt;
  switch (token.code->op) {
    case Op::int_:
    case Op::long_:
      return spelled_integer(brine::text_of(token.argument));
    case Op::binint1:
    case Op::binint2:
      return static_cast<std::int64_t>(
          base::little_endian(token.argument.data(), token.argument.size()));
    default:
      return token.held ? signed_integer(token.argument) : std::nullopt;
  }
}

}  // namespace

void Graph::begin_inner() { outer_ = suspend(); }

void Graph::end_inner(NodeId place) {
  if (root_ != no_node) nodes_[place] = nodes_[root_];
  root_ = no_node;
  resume(std::move(*outer_));
  outer_.reset();
}

Graph::Graph(const Limits& limits) : Interpreter(limits), texts_(limits.max_text_bytes) {
  limits_.max_nodes = std::min<std::uint64_t>(limits.max_nodes, no_node);
}

Shape Graph::shape_of(NodeId id) const {
  if (id >= size()) return Shape::unknown;
  const Node& node = nodes_[id];
  switch (node.kind) {
    case NodeKind::none:
      return Shape::none;
    case NodeKind::boolean:
    case NodeKind::integer:
    case NodeKind::real:
      return Shape::scalar;
    case NodeKind::text:
      return Shape::text;
    case NodeKind::bytes:
      return node.op == Op::next_buffer  ? Shape::unknown
             : node.op == Op::bytearray8 ? Shape::bytearray
                                         : Shape::bytes;
    case NodeKind::list:
      return Shape::list;
    case NodeKind::tuple:
      return Shape::tuple;
    case NodeKind::set:
      return node.op == Op::frozenset ? Shape::frozenset : Shape::set;
    case NodeKind::dict:
      return Shape::dict;
    case NodeKind::symbol:
      return Shape::symbol;
    case NodeKind::call:
    case NodeKind::persistent:
    case NodeKind::other:
      return Shape::unknown;
  }
  return Shape::unknown;
}

NodeId Graph::add(const Token& token, NodeKind kind, std::uint32_t number) {
  if (nodes_.size() >= limits_.max_nodes) {
    fail(fmt::format("max_nodes: more than {} objects", limits_.max_nodes));
    return no_node;
  }
  nodes_.push_back({kind, token.code->op, number, token.argument_offset, token.argument_bytes});
  return static_cast<NodeId>(nodes_.size() - 1);
}

NodeId Graph::add_object(const Token& token, NodeKind kind, const Object& object) {
  objects_.push_back(object);
  return add(token, kind, static_cast<std::uint32_t>(objects_.size() - 1));
}

NodeId Graph::on_literal(const Token& token) {
  switch (token.code->op) {
    case Op::none:
      return add(token, NodeKind::none);
    case Op::newtrue:
    case Op::newfalse:
      return add(token, NodeKind::boolean);
    case Op::float_:
    case Op::binfloat:
      return add(token, NodeKind::real);
    default:
      return add_number(token);
  }
}

NodeId Graph::add_number(const Token& token) {
  const std::string_view text = brine::text_of(token.argument);
  if (token.code->op == Op::int_ && (text == "00" || text == "01")) {
    return add(token, NodeKind::boolean);
  }
  const auto value = integer_of(token);
  if (!value) return add(token, NodeKind::integer, no_row);
  integers_.push_back(*value);
  return add(token, NodeKind::integer, static_cast<std::uint32_t>(integers_.size() - 1));
}

NodeId Graph::on_text(const Token& token) {
  const auto text = token.held ? text_of_push(token, scratch_) : std::nullopt;
  const auto number = text && text->size() <= held_text_bytes ? texts_.number(*text) : std::nullopt;
  return add(token, NodeKind::text, number.value_or(no_row));
}

NodeId Graph::on_bytes(const Token& token) {
  const bool is_short =
      token.held && token.code->op != Op::next_buffer && token.argument.size() <= short_bytes;
  const auto number = is_short ? texts_.number(brine::text_of(token.argument)) : std::nullopt;
  return add(token, NodeKind::bytes, number.value_or(no_row));
}

NodeId Graph::on_container(const Token& token, Shape shape, Items form, Values items) {
  const NodeKind kind = shape == Shape::dict    ? NodeKind::dict
                        : shape == Shape::list  ? NodeKind::list
                        : shape == Shape::tuple ? NodeKind::tuple
                                                : NodeKind::set;
  const NodeId id = add_object(token, kind, {});
  if (id != no_node) on_items(token, id, form, items);
  return id;
}

// Moves values into `target`, where it is something that can take them.
void Graph::on_items(const Token&, NodeId target, Items form, Values items) {
  const std::size_t stride = form == Items::pairs ? 2 : 1;
  const NodeKind kind = nodes_[target].kind;
  const bool takes = kind >= NodeKind::list && kind != NodeKind::symbol;
  if (!takes) return;
  if (items.size() / stride > limits_.max_nodes - links_.size()) {
    fail(fmt::format("max_nodes: more than {} places in containers", limits_.max_nodes));
    return;
  }
  for (std::size_t at = 0; at < items.size(); at += stride) {
    Object& owner = objects_[nodes_[target].number];
    const auto link = static_cast<std::uint32_t>(links_.size());
    (owner.item_count == 0 ? owner.first_item : links_[owner.last_item].next) = link;
    owner.last_item = link;
    ++owner.item_count;
    const NodeId key = form == Items::pairs ? items[at] : no_node;
    links_.push_back({{key, items[at + stride - 1]}, 0});
  }
}

NodeId Graph::on_call(const Token& token, NodeId callable, NodeId arguments) {
  return add_object(token, NodeKind::call, {.callable = callable, .arguments = arguments});
}

NodeId Graph::on_state(const Token&, NodeId object, NodeId state) {
  built_ = object;
  const Node& built = nodes_[object];
  const bool takes = built.kind == NodeKind::call || built.kind == NodeKind::persistent ||
                     built.kind == NodeKind::other;
  if (takes) objects_[built.number].state = state;
  return object;
}

NodeId Graph::on_persistent(const Token& token, Values id) {
  return add_object(token, NodeKind::persistent, {.arguments = id.empty() ? no_node : id.front()});
}

NodeId Graph::on_extension(const Token& token) { return add_object(token, NodeKind::other, {}); }

NodeId Graph::on_symbol(const Token& token, std::string_view module, std::string_view name) {
  Symbol symbol{std::string(module), std::string(name)};
  if (const auto known = symbol_numbers_.find(symbol); known != symbol_numbers_.end()) {
    return add(token, NodeKind::symbol, known->second);
  }
  if (symbols_.size() >= limits_.max_symbols) {
    fail(fmt::format("max_symbols: more than {} symbols", limits_.max_symbols));
    return no_node;
  }
  const auto number = static_cast<std::uint32_t>(symbols_.size());
  symbols_.push_back(symbol);
  symbol_numbers_.emplace(std::move(symbol), number);
  return add(token, NodeKind::symbol, number);
}

NodeId Graph::on_stack_symbol(const Token& token, NodeId module, NodeId name) {
  const auto module_text = text(module);
  const auto name_text = text(name);
  if (!module_text || !name_text || !is_plain_name(*module_text) || !is_plain_name(*name_text)) {
    fail("STACK_GLOBAL takes a text that is no plain name");
    return no_node;
  }
  if (std::string why = name_problem(limits_, *module_text, *name_text); !why.empty()) {
    fail(std::move(why));
    return no_node;
  }
  return on_symbol(token, *module_text, *name_text);
}

std::optional<std::string_view> Graph::text(NodeId id) const {
  if (!is(id, NodeKind::text) || nodes_[id].number == no_row) return std::nullopt;
  return texts_.text(nodes_[id].number);
}

std::optional<std::string_view> Graph::bytes(NodeId id) const {
  if (!is(id, NodeKind::bytes)) return text(id);
  return nodes_[id].number == no_row ? std::nullopt : std::optional(texts_.text(nodes_[id].number));
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

std::vector<Item> Graph::items(NodeId id, std::uint32_t most) const {
  const Object& owner = object(id);
  const std::uint32_t count = std::min(owner.item_count, most);
  std::vector<Item> items;
  items.reserve(count);
  for (std::uint32_t link = owner.first_item; items.size() < count;) {
    items.push_back(links_[link].item);
    link = links_[link].next;
  }
  return items;
}

}  // namespace brine::pickle
