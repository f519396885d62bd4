#include "tensor/tree.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <optional>

#include "base/arithmetic.hpp"
#include "base/text.hpp"
#include "pickle/node_reader.hpp"
#include "tensor/array.hpp"
#include "tensor/nodes.hpp"
#include "tensor/path.hpp"
#include "tensor/torch.hpp"

namespace brine::tensor {
namespace {

using pickle::Graph;
using pickle::Item;
using pickle::no_node;
using pickle::NodeId;
using pickle::NodeKind;

// Of more items than that, the first of them and how many there are besides.
struct Fold {
  std::uint32_t most;
  std::uint32_t shown;
};
constexpr Fold fold_of_list{5, 3};
constexpr Fold fold_of_names{40, 30};
constexpr std::size_t longest_text = 40;
constexpr std::uint64_t most_digits_bytes = 16;

std::string counted(std::size_t count, std::string_view noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

// Cut to a length, but inside no character.
std::string cut(std::string_view text) {
  if (text.size() <= longest_text) return base::printable(text);
  std::size_t end = longest_text - 3;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
  return base::printable(text.substr(0, end)) + "...";
}

class Tree {
 public:
  Tree(const Graph& graph, const RandomSource& payload, const TreeOptions& options,
       const Limits& limits, const ReadTensor& read_tensor)
      : graph_(graph),
        contents_(payload),
        speller_(graph, &payload),
        options_(options),
        limits_(limits),
        read_tensor_(read_tensor) {}

  std::vector<TreeRow> run(const std::string& name) {
    seen_.resize(graph_.size());
    waiting_.push_back({graph_.root(), 0, name});
    while (!waiting_.empty()) {
      const Visit next = std::move(waiting_.back());
      waiting_.pop_back();
      visit(next);
    }
    mark_shared();
    return std::move(rows_);
  }

 private:
  // Without a node: a line that says what is left out.
  struct Visit {
    NodeId node = no_node;
    std::uint32_t level = 0;
    std::string name;
  };
  struct Place {
    std::size_t row;
    NodeId node;
    bool is_first;
  };

  void visit(const Visit& visit) {
    if (visit.node >= graph_.size()) return add_row(visit, "");
    std::vector<Visit> parts;
    const NodeKind kind = graph_.node(visit.node).kind;
    const bool holds_others = kind >= NodeKind::list && kind != NodeKind::symbol;
    std::string text = describe(visit.node, parts);
    if (holds_others) {
      places_.push_back({rows_.size(), visit.node, !seen_[visit.node]});
      if (seen_[visit.node]) parts.clear();
      seen_[visit.node] = true;
    }
    if (!parts.empty() && visit.level >= options_.depth) {
      text += " ...";
      parts.clear();
    }
    add_row(visit, std::move(text));
    for (auto part = parts.rbegin(); part != parts.rend(); ++part) {
      part->level = visit.level + 1;
      waiting_.push_back(std::move(*part));
    }
  }

  void add_row(const Visit& visit, std::string text) {
    constexpr std::size_t branch_bytes = 4;  // of a drawing, for each level
    bytes_ += sizeof(TreeRow) + visit.name.size() + text.size() + branch_bytes * visit.level;
    base::require_within(bytes_, limits_.max_text_bytes, "max_text_bytes");
    rows_.push_back({visit.level, visit.name, std::move(text)});
  }

  void mark_shared() {
    std::map<NodeId, std::size_t> numbers;
    for (const Place& place : places_) {
      if (!place.is_first) numbers.try_emplace(place.node, 0);
    }
    std::size_t next = 0;
    for (const Place& place : places_) {
      const auto shared = numbers.find(place.node);
      if (shared == numbers.end()) continue;
      if (place.is_first) shared->second = ++next;
      rows_[place.row].text += fmt::format(" {}{}", place.is_first ? '&' : '*', shared->second);
    }
  }

  std::string describe(NodeId id, std::vector<Visit>& parts) {
    const pickle::Node& node = graph_.node(id);
    switch (node.kind) {
      case NodeKind::none:
        return "None";
      case NodeKind::boolean:
        return contents_.boolean(node) ? "True" : "False";
      case NodeKind::integer:
        return integer(id, node);
      case NodeKind::real:
        return real(contents_.real(node));
      case NodeKind::text:
        return text(id, node);
      case NodeKind::bytes:
        return node.op == pickle::Op::next_buffer ? "buffer outside of the pickle"
                                                  : fmt::format("bytes, {} B", node.bytes);
      case NodeKind::symbol:
        return name_of(id);
      case NodeKind::list:
        return items(id, "list", parts);
      case NodeKind::tuple:
        return items(id, "tuple", parts);
      case NodeKind::set:
        return items(id, "set", parts);
      case NodeKind::dict:
        return items(id, "dict", parts);
      case NodeKind::call:
        return call(id, parts);
      case NodeKind::persistent:
        if (graph_.arguments(id) != no_node) parts.push_back({graph_.arguments(id), 0, "id"});
        return "persistent object";
      case NodeKind::other:
        return "extension";
    }
    return {};
  }

  static std::string real(double value) {
    std::string text = fmt::format("{}", value);
    if (text.find_first_not_of("-0123456789") == text.npos) text += ".0";
    return text;
  }

  std::string integer(NodeId id, const pickle::Node& node) {
    if (const auto number = graph_.integer(id)) return fmt::format("{}", *number);
    const bool is_short = node.bytes <= most_digits_bytes;
    return is_short ? contents_.decimal(node) : fmt::format("int, {} B", node.bytes);
  }

  std::string text(NodeId id, const pickle::Node& node) const {
    const auto known = graph_.text(id);
    return known ? fmt::format("'{}'", cut(*known)) : fmt::format("str, {} B", node.bytes);
  }

  std::string name_of(NodeId id) const {
    const Symbol* const symbol = graph_.symbol(id);
    if (symbol == nullptr) return "call";
    return cut(symbol->module) + ":" + cut(symbol->name);
  }

  std::string items(NodeId id, std::string_view type, std::vector<Visit>& parts) {
    add_items(id, no_node, parts);
    return fmt::format("{}, {}", type, counted(graph_.item_count(id), "item"));
  }

  // Of `attributes` of `owner`, or of its own items. What is met again has been listed: a short
  // payload cannot ask for a long list many times.
  void add_items(NodeId owner, NodeId attributes, std::vector<Visit>& parts,
                 NodeId shape = no_node) {
    const NodeId container = attributes == no_node ? owner : attributes;
    if (seen_[container]) return;
    const std::size_t count = graph_.item_count(container);
    const std::vector<Item> items =
        options_.all ? graph_.items(container) : graph_.items(container, fold_of_names.most);
    const bool has_names = std::any_of(items.begin(), items.end(),
                                       [](const Item& item) { return item.key != no_node; });
    const Fold fold = has_names ? fold_of_names : fold_of_list;
    const std::size_t shown = count > fold.most && !options_.all ? fold.shown : count;
    const Steps steps(graph_, owner, attributes, shape);
    const bool is_module = !options_.all && attributes != no_node && is_torch_module(items);
    std::size_t left_out = 0;
    for (std::size_t at = 0; at < shown; ++at) {
      if (is_module && is_empty_hook(items[at])) {
        ++left_out;
        continue;
      }
      const Step step = attributes == no_node ? steps.to_item(items[at].key, at)
                                              : steps.to_attribute(items[at].key, at);
      parts.push_back({items[at].value, 0, name_of_step(step)});
    }
    if (left_out > 0) parts.push_back({no_node, 0, fmt::format("... {} empty hooks", left_out)});
    if (shown < count) parts.push_back({no_node, 0, fmt::format("... {} more", count - shown)});
  }

  std::string name_of_step(const Step& step) {
    std::string name = speller_.spelled(step);
    if (name.starts_with('.')) name.erase(0, 1);
    return name;
  }

  // Every torch.nn.Module has them.
  bool is_torch_module(const std::vector<Item>& items) const {
    const auto has = [&](std::string_view name) {
      return std::any_of(items.begin(), items.end(),
                         [&](const Item& item) { return graph_.text(item.key) == name; });
    };
    return has("_modules") && has("_parameters") && has("_buffers");
  }

  // A container for hooks that holds none, or a set of buffers that are not saved.
  bool is_empty_hook(const Item& item) const {
    const auto name = graph_.text(item.key);
    const bool is_of_hooks =
        name && (name->find("_hook") != name->npos || *name == "_non_persistent_buffers_set");
    return is_of_hooks && is_empty(item.value);
  }

  bool is_empty(NodeId id) const {
    if (graph_.is(id, NodeKind::none)) return true;
    if (id == no_node || graph_.node(id).kind < NodeKind::list) return false;
    if (graph_.item_count(id) > 0 || graph_.state(id) != no_node) return false;
    const std::vector<Item> given = graph_.items(graph_.arguments(id), 1);
    return given.empty() || graph_.item_count(given[0].value) == 0;
  }

  std::string call(NodeId id, std::vector<Visit>& parts) {
    if (const auto tensor = read(id)) return described(*tensor);
    if (const NodeId held = held_tensor(graph_, id); held != no_node) {
      const auto tensor = read(held);
      if (tensor) return fmt::format("Parameter {}", described(*tensor));
    }
    if (const auto array = read_object_array(graph_, id)) {
      add_items(array->objects, no_node, parts, array->shape);
      return fmt::format("{} array, {}", cut(array->array.dtype),
                         counted(graph_.item_count(array->objects), "item"));
    }
    if (const auto masked = read_masked_array(graph_, id)) {
      return fmt::format("masked array, {}", described(masked->data));
    }
    if (calls(graph_, id, "dtype", {"numpy"})) return dtype(id);
    add_contents(id, parts);
    const std::size_t count = graph_.item_count(id);
    return made_by(id) + (count > 0 ? fmt::format(", {}", counted(count, "item")) : "");
  }

  std::optional<Tensor> read(NodeId id) const {
    std::optional<Tensor> tensor = read_array(graph_, id);
    return tensor || !read_tensor_ ? tensor : read_tensor_(id);
  }

  std::string dtype(NodeId id) const {
    const std::vector<Item> arguments = graph_.items(graph_.arguments(id), 1);
    const auto code = arguments.empty() ? std::nullopt : graph_.text(arguments[0].value);
    return code ? fmt::format("dtype '{}'", cut(*code)) : "dtype";
  }

  // Objects of the old protocols are made by a helper that is given their class.
  bool is_reconstructed(NodeId id) const {
    return calls(graph_, id, "_reconstructor", {"copyreg", "copy_reg"});
  }

  std::string made_by(NodeId id) const {
    const std::vector<Item> arguments = graph_.items(graph_.arguments(id), 1);
    const bool has_class = is_reconstructed(id) && !arguments.empty();
    return name_of(has_class ? arguments[0].value : graph_.callable(id));
  }

  void add_contents(NodeId id, std::vector<Visit>& parts) {
    for (const NodeId attributes : attributes_of(graph_, graph_.state(id))) {
      if (graph_.is(attributes, NodeKind::dict)) {
        add_items(id, attributes, parts);
      } else if (attributes != no_node && !graph_.is(attributes, NodeKind::none)) {
        parts.push_back({attributes, 0, "state"});
      }
    }
    add_items(id, no_node, parts);
    const NodeId arguments = graph_.arguments(id);
    if (graph_.item_count(arguments) > 0 && !is_reconstructed(id)) {
      parts.push_back({arguments, 0, "()"});
    }
  }

  const Graph& graph_;
  pickle::NodeReader contents_;
  PathSpeller speller_;
  const TreeOptions& options_;
  const Limits& limits_;
  const ReadTensor& read_tensor_;
  std::vector<bool> seen_;
  std::vector<Visit> waiting_;
  std::vector<Place> places_;
  std::uint64_t bytes_ = 0;
  std::vector<TreeRow> rows_;
};

}  // namespace

std::vector<TreeRow> tree(const Graph& graph, const RandomSource& payload, const std::string& name,
                          const TreeOptions& options, const Limits& limits,
                          const ReadTensor& read_tensor) {
  return Tree(graph, payload, options, limits, read_tensor).run(name);
}

std::string described(const TensorInfo& tensor) {
  const std::string dtype = cut(tensor.dtype);
  return tensor.shape.empty() ? dtype : fmt::format("{} {}", dtype, fmt::join(tensor.shape, "x"));
}

}  // namespace brine::tensor
