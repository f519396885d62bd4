#include "tensor/path.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <functional>
#include <numeric>

#include "base/text.hpp"
#include "tensor/nodes.hpp"

namespace brine::tensor {
namespace {

using pickle::Graph;
using pickle::Item;
using pickle::no_node;
using pickle::NodeId;
using pickle::NodeKind;

// A longer key is told by its position.
constexpr std::size_t longest_key = 256;
constexpr int deepest_key = 4;
constexpr std::uint32_t most_values = 16;  // of a tuple
constexpr std::uint64_t most_digits_bytes = 16;

constexpr std::string_view special = " .[]()\"'\\#";

// A part of a name between its dots.
bool is_plain(std::string_view part) {
  const bool has_special = part.find_first_of(special) != part.npos;
  return !part.empty() && !has_special && base::printable(part) == part;
}

bool is_name(std::string_view text) {
  if (text.size() > longest_key) return false;
  for (std::size_t dot = 0; (dot = text.find('.')) != text.npos; text.remove_prefix(dot + 1)) {
    if (!is_plain(text.substr(0, dot))) return false;
  }
  return is_plain(text);
}

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '"':
      case '\\':
        out += {'\\', c};
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      default:
        out += c;
    }
  }
  return out;
}

// Between the escapes, what printable() spells are bytes that are no characters.
std::string quoted(std::string_view text) {
  return fmt::format("\"{}\"", base::printable(escaped(text)));
}

std::string quoted_bytes(ByteView bytes) {
  std::string text;
  for (const char c : text_of(bytes)) {
    const bool is_ascii = static_cast<unsigned char>(c) < 0x80;
    text += is_ascii ? base::printable(escaped({&c, 1}))
                     : fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
  }
  return fmt::format("b\"{}\"", text);
}

bool has_dots(const Graph& graph, NodeId owner) {
  const std::vector<Item> items = graph.items(owner);
  return std::any_of(items.begin(), items.end(), [&](const Item& item) {
    const auto name = graph.text(item.key);
    return name && name->find('.') != name->npos;
  });
}

std::string spelled_real(double value) {
  std::string text = fmt::format("{}", value);
  if (text.find_first_not_of("-0123456789") == text.npos) text += ".0";
  return text;
}

}  // namespace

// Names matter to others where there are dots, or attributes beside items: else none is kept.
Steps::Steps(const Graph& graph, NodeId owner, NodeId attributes, NodeId shape)
    : graph_(graph), shape_(shape) {
  std::vector<NodeId> states = attributes_of(graph, graph.state(owner));
  states.push_back(attributes);
  const auto all_of = [&](NodeId from) { return graph.item_count(from); };
  const std::uint64_t count =
      std::transform_reduce(states.begin(), states.end(), std::uint64_t{0}, std::plus<>(), all_of);
  has_both_ = count > 0 && graph.item_count(owner) > 0;
  const bool matters = has_both_ || has_dots(graph, owner) ||
                       std::any_of(states.begin(), states.end(),
                                   [&](NodeId state) { return has_dots(graph, state); });
  if (!matters) return;
  for (const NodeId state : states) collect(state, attributes_);
  collect(owner, items_);
}

void Steps::collect(NodeId from, std::set<std::string_view>& names) const {
  for (const Item& item : graph_.items(from)) {
    const auto name = graph_.text(item.key);
    if (name && name->size() <= longest_key) names.insert(*name);
  }
}

bool Steps::is_bare(std::string_view name) const {
  if (!is_name(name)) return false;
  for (std::size_t dot = name.find('.'); dot != name.npos; dot = name.find('.', dot + 1)) {
    const std::string_view front = name.substr(0, dot);
    if (attributes_.count(front) + items_.count(front) > 0) return false;
  }
  return true;
}

Step Steps::to_attribute(NodeId key, std::size_t position) const {
  const auto name = graph_.text(key);
  if (!name) return to_item(key, position);
  return {.kind = Step::Kind::attribute,
          .is_bare = is_bare(*name),
          .position = static_cast<std::uint32_t>(position),
          .key = key};
}

Step Steps::to_item(NodeId key, std::size_t position) const {
  const auto name = graph_.text(key);
  const bool is_attribute = name && has_both_ && attributes_.count(*name) > 0;
  return {.kind = Step::Kind::item,
          .is_bare = name && !is_attribute && is_bare(*name),
          .position = static_cast<std::uint32_t>(position),
          .key = key,
          .shape = shape_};
}

PathSpeller::PathSpeller(const Graph& graph, const RandomSource* payload) : graph_(graph) {
  if (payload != nullptr) contents_.emplace(*payload);
}

std::string PathSpeller::spelled(const Step& step) {
  switch (step.kind) {
    case Step::Kind::arguments:
      return "()";
    case Step::Kind::known:
      return fmt::format(".{}", step.known);
    default:
      break;
  }
  if (step.key == no_node) return fmt::format("[{}]", position(step));
  if (step.is_bare) return fmt::format(".{}", *graph_.text(step.key));
  const auto key = literal(step.key, deepest_key);
  if (!key || key->size() > 2 * longest_key) return fmt::format("[#{}]", step.position);
  return step.kind == Step::Kind::attribute ? "." + *key : fmt::format("[{}]", *key);
}

// What is beyond the shape, numpy would refuse: its number is that in the list.
std::string PathSpeller::position(const Step& step) const {
  const auto shape = read_shape(graph_, step.shape);
  const auto count = shape ? bytes_of_shape(*shape, 1) : std::nullopt;
  if (!count || step.position >= *count) return fmt::format("{}", step.position);
  if (shape->empty()) return "()";
  std::vector<std::uint64_t> indexes(shape->size());
  std::uint64_t rest = step.position;
  for (std::size_t i = shape->size(); i-- > 0; rest /= (*shape)[i]) {
    indexes[i] = rest % (*shape)[i];
  }
  return fmt::format("{}", fmt::join(indexes, ","));
}

std::optional<std::string> PathSpeller::literal(NodeId key, int depth) {
  if (key == no_node || depth == 0) return std::nullopt;
  const pickle::Node& node = graph_.node(key);
  switch (node.kind) {
    case NodeKind::none:
      return "None";
    case NodeKind::boolean:
      if (node.op == pickle::Op::newtrue) return "True";
      if (node.op == pickle::Op::newfalse) return "False";
      if (!contents_) return std::nullopt;
      return contents_->boolean(node) ? "True" : "False";
    case NodeKind::integer:
      if (const auto number = graph_.integer(key)) return fmt::format("{}", *number);
      if (!contents_ || node.bytes > most_digits_bytes) return std::nullopt;
      return contents_->decimal(node);
    case NodeKind::real:
      return contents_ ? std::optional(spelled_real(contents_->real(node))) : std::nullopt;
    case NodeKind::text:
      if (const auto text = graph_.text(key); text && text->size() <= longest_key) {
        return quoted(*text);
      }
      return std::nullopt;
    case NodeKind::bytes:
      if (!contents_ || node.bytes > longest_key || node.op == pickle::Op::next_buffer) {
        return std::nullopt;
      }
      return quoted_bytes(contents_->bytes(node));
    case NodeKind::tuple:
      return tuple(key, depth);
    default:
      return std::nullopt;
  }
}

std::optional<std::string> PathSpeller::tuple(NodeId key, int depth) {
  const std::uint32_t count = graph_.item_count(key);
  if (count > most_values) return std::nullopt;
  std::string text;
  for (const Item& item : graph_.items(key)) {
    const auto value = literal(item.value, depth - 1);
    if (!value) return std::nullopt;
    text += (text.empty() ? "" : ", ") + *value;
  }
  return fmt::format("({}{})", text, count == 1 ? "," : "");
}

std::string joined(std::string_view place, std::string_view path) {
  const bool is_name = !path.empty() && path[0] != '[' && path[0] != '(' && path[0] != '.';
  return fmt::format("{}{}{}", place, is_name && !place.empty() ? "." : "", path);
}

std::string spelled_name(std::string_view name) {
  return is_name(name) ? std::string(name) : fmt::format("[{}]", quoted(name));
}

}  // namespace brine::tensor
