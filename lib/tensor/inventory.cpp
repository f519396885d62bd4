#include "tensor/inventory.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/arithmetic.hpp"
#include "tensor/array.hpp"
#include "tensor/element_type.hpp"
#include "tensor/forms.hpp"
#include "tensor/nodes.hpp"
#include "tensor/overlap.hpp"
#include "tensor/path.hpp"
#include "tensor/torch.hpp"

namespace brine::tensor {
namespace {

using pickle::Graph;
using pickle::Item;
using pickle::no_node;
using pickle::NodeId;
using pickle::NodeKind;

// A list in a list in a list may be as deep as a graph is large, with an array on every level: the
// front of a longer path is left out.
constexpr std::size_t longest_path = 1024;
// Values of a tuple that may have names.
constexpr std::uint32_t most_known = 8;
// Wrappers without data of their own, around one another.
constexpr int most_wrappers = 4;

class Walk {
 public:
  Walk(const Graph& graph, const Limits& limits, const ReadTensor& read_tensor,
       const RandomSource* payload)
      : graph_(graph), limits_(limits), read_tensor_(read_tensor), speller_(graph, payload) {}

  std::vector<Tensor> run() {
    seen_.resize(graph_.size());
    follow(graph_.root(), no_step);
    while (!waiting_.empty()) {
      const Visit next = waiting_.back();
      waiting_.pop_back();
      if (!seen_[next.node]) {
        visit(next);
      } else if (const auto known = tensor_at(next.node)) {
        add_again(*known, next.step);
      }
    }
    return std::move(found_);
  }

 private:
  struct Link {
    std::uint32_t before;
    Step step;
  };
  struct Visit {
    NodeId node;
    std::uint32_t step;
    NodeId owner = no_node;  // whose attributes they are
    NodeId shape = no_node;  // of the array whose elements they are
  };
  static constexpr std::uint32_t no_step = ~std::uint32_t{0};

  void visit(const Visit& visit) {
    seen_[visit.node] = true;
    const std::size_t before = waiting_.size();
    const bool is_made =
        graph_.is(visit.node, NodeKind::call) || graph_.is(visit.node, NodeKind::persistent);
    if (!is_made) {
      follow_contents(visit);
    } else if (auto tensor = read(visit.node)) {
      numbers_.emplace(visit.node, found_.size());
      add(std::move(*tensor), visit.step);
      follow_parts(parts_of_tensor(graph_, visit.node), visit);
    } else if (const NodeId held = held_tensor(graph_, visit.node); held != no_node) {
      follow(held, visit.step);
      follow_parts(parts_of_tensor(graph_, visit.node), visit);
    } else if (auto masked = read_masked_array(graph_, visit.node)) {
      add(std::move(masked->data), known_step(visit.step, "data"));
      if (masked->mask) add(std::move(*masked->mask), known_step(visit.step, "mask"));
      follow(masked->fill_value, known_step(visit.step, "fill_value"));
    } else if (auto array = read_object_array(graph_, visit.node)) {
      numbers_.emplace(visit.node, found_.size());
      add(std::move(array->array), visit.step);
      if (leads_on(array->objects)) {
        waiting_.push_back({.node = array->objects, .step = visit.step, .shape = array->shape});
      }
    } else {
      follow_contents(visit);
    }
    // What comes first shall be taken from the stack first.
    std::reverse(waiting_.begin() + static_cast<std::ptrdiff_t>(before), waiting_.end());
  }

  std::optional<Tensor> read(NodeId id) const {
    std::optional<Tensor> tensor = read_array(graph_, id);
    return tensor || !read_tensor_ ? tensor : read_tensor_(id);
  }

  // Returns the number of the tensor that a node, or what it wraps, was listed as.
  std::optional<std::size_t> tensor_at(NodeId id) const {
    for (int i = 0; i < most_wrappers && id != no_node; ++i) {
      if (const auto known = numbers_.find(id); known != numbers_.end()) return known->second;
      id = held_tensor(graph_, id);
    }
    return std::nullopt;
  }

  // Attributes before arguments: where an array is both, that is its better name.
  void follow_contents(const Visit& visit) {
    if (const NodeId buffer = booster_buffer(graph_, visit.node); buffer != no_node) {
      add(model_of_booster(buffer), known_step(visit.step, "handle"));
    }
    follow_state(visit);
    follow_items(visit);
    follow_arguments(visit);
  }

  void follow_items(const Visit& visit) {
    if (graph_.item_count(visit.node) == 0) return;
    const bool are_attributes = visit.owner != no_node;
    const Steps steps = are_attributes ? Steps(graph_, visit.owner, visit.node)
                                       : Steps(graph_, visit.node, no_node, visit.shape);
    std::size_t position = 0;
    for (const Item& item : graph_.items(visit.node)) {
      if (leads_on(item.value)) {
        follow(item.value,
               add_step(visit.step, are_attributes ? steps.to_attribute(item.key, position)
                                                   : steps.to_item(item.key, position)));
      }
      ++position;
    }
  }

  void follow_parts(const TensorParts& parts, const Visit& visit) {
    for (const NodeId attributes : attributes_of(graph_, parts.state)) {
      follow(attributes, visit.step, visit.node);
    }
    for (const auto& [name, node] : parts.named) follow(node, known_step(visit.step, name));
  }

  void follow_arguments(const Visit& visit) {
    const NodeId arguments = graph_.arguments(visit.node);
    if (!leads_on(arguments)) return;
    const bool is_known = follow_known(arguments, visit, argument_name);
    if (!is_known) follow(arguments, add_step(visit.step, {.kind = Step::Kind::arguments}));
  }

  // Follows the values of a tuple for which the framework has names. Returns false, having followed
  // nothing, where one of them that matters has none.
  template <typename NameOf>
  bool follow_known(NodeId tuple, const Visit& visit, NameOf name_of) {
    const std::vector<NodeId> values = tuple_values(graph_, tuple, most_known);
    const auto matters = [&](std::size_t i) { return leads_on(values[i]); };
    bool is_known = false;
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (!matters(i)) continue;
      if (!name_of(graph_, visit.node, i)) return false;
      is_known = true;
    }
    for (std::size_t i = 0; is_known && i < values.size(); ++i) {
      if (!matters(i)) continue;
      const PartName name = *name_of(graph_, visit.node, i);
      follow(values[i], name.empty() ? visit.step : known_step(visit.step, name));
    }
    return is_known;
  }

  TensorInfo model_of_booster(NodeId buffer) const {
    const pickle::Node& node = graph_.node(buffer);
    return {.path = {},
            .dtype = std::string(booster_dtype),
            .shape = {node.bytes},
            .offset = node.offset,
            .bytes = node.bytes};
  }

  void follow_state(const Visit& visit) {
    const NodeId state = graph_.state(visit.node);
    if (follow_known(state, visit, state_name)) return;
    for (const NodeId attributes : attributes_of(graph_, state)) {
      follow(attributes, visit.step, visit.node);
    }
  }

  void follow(NodeId node, std::uint32_t step, NodeId owner = no_node) {
    if (leads_on(node)) waiting_.push_back({node, step, owner});
  }

  bool leads_on(NodeId node) const {
    if (node >= graph_.size()) return false;
    if (seen_[node]) return tensor_at(node).has_value();
    const NodeKind kind = graph_.node(node).kind;
    return kind >= NodeKind::list && kind != NodeKind::symbol;
  }

  std::uint32_t known_step(std::uint32_t before, std::string_view name) {
    return add_step(before, {.kind = Step::Kind::known, .known = name});
  }

  std::uint32_t add_step(std::uint32_t before, const Step& step) {
    links_.push_back({before, step});
    return static_cast<std::uint32_t>(links_.size() - 1);
  }

  std::string path_to(std::uint32_t step) {
    std::vector<std::string> parts;
    std::size_t bytes = 0;
    for (; step != no_step && bytes <= longest_path; step = links_[step].before) {
      parts.push_back(speller_.spelled(links_[step].step));
      bytes += parts.back().size();
    }
    if (step != no_step) parts.emplace_back("...");
    std::string path;
    for (auto part = parts.rbegin(); part != parts.rend(); ++part) path += *part;
    const bool begins_with_name = path.starts_with('.') && !path.starts_with(".\"");
    return step == no_step && begins_with_name ? path.substr(1) : path;
  }

  void add(Tensor tensor, std::uint32_t step) {
    const Overlap::Found overlap = overlap_.add(tensor, found_.size());
    if (overlap.with) tensor.shares = found_[*overlap.with].path;
    tensor.shared_bytes = overlap.bytes;
    list(std::move(tensor), step);
  }

  void add_again(std::size_t number, std::uint32_t step) {
    Tensor tensor = found_[number];
    if (!tensor.shares) tensor.shares = tensor.path;
    tensor.shared_bytes = tensor.bytes;
    list(std::move(tensor), step);
  }

  void list(Tensor tensor, std::uint32_t step) {
    tensor.path = path_to(step);
    bytes_ += sizeof(Tensor) + tensor.path.size() + tensor.dtype.size() +
              tensor.shares.value_or("").size() + tensor.shape.size() * sizeof(std::uint64_t);
    base::require_within(bytes_, limits_.max_text_bytes, "max_text_bytes");
    found_.push_back(std::move(tensor));
  }

  const Graph& graph_;
  const Limits& limits_;
  const ReadTensor& read_tensor_;
  std::vector<bool> seen_;
  std::vector<Visit> waiting_;
  std::vector<Link> links_;
  PathSpeller speller_;
  Overlap overlap_;
  std::uint64_t bytes_ = 0;
  std::vector<Tensor> found_;
  std::map<NodeId, std::size_t> numbers_;  // of what was found, by its node
};

}  // namespace

std::vector<Tensor> inventory(const Graph& graph, const Limits& limits,
                              const ReadTensor& read_tensor, const RandomSource* payload) {
  return Walk(graph, limits, read_tensor, payload).run();
}

}  // namespace brine::tensor
