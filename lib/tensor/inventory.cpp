#include "tensor/inventory.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/arithmetic.hpp"
#include "tensor/array.hpp"
#include "tensor/element_type.hpp"
#include "tensor/forms.hpp"
#include "tensor/nodes.hpp"
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
// A longer key is named by its position.
constexpr std::size_t longest_name = 256;

class Walk {
 public:
  Walk(const Graph& graph, const Limits& limits, const ReadTensor& read_tensor)
      : graph_(graph), limits_(limits), read_tensor_(read_tensor) {}

  std::vector<TensorInfo> run() {
    seen_.resize(graph_.size());
    follow(graph_.root(), no_step);
    while (!waiting_.empty()) {
      const Visit next = waiting_.back();
      waiting_.pop_back();
      if (!seen_[next.node]) visit(next);
    }
    return std::move(found_);
  }

 private:
  // The last part of a path: a name, a position, or the arguments of a call.
  enum class Part : std::uint8_t { name, position, arguments, known };
  struct Step {
    std::uint32_t before;
    Part part;
    std::int64_t value;  // of a name: its node
    std::string_view known = {};
  };
  struct Visit {
    NodeId node;
    std::uint32_t step;
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
      add(std::move(*tensor), visit.step);
    } else if (const NodeId held = held_tensor(graph_, visit.node); held != no_node) {
      follow(held, visit.step);
    } else if (const NodeId objects = objects_of_array(graph_, visit.node); objects != no_node) {
      follow(objects, visit.step);
    } else {
      follow_contents(visit);
    }
    // What comes first shall be taken from the stack first.
    std::reverse(waiting_.begin() + static_cast<std::ptrdiff_t>(before), waiting_.end());
  }

  std::optional<TensorInfo> read(NodeId id) const {
    auto tensor = read_array(graph_, id);
    return tensor || !read_tensor_ ? tensor : read_tensor_(id);
  }

  // Attributes before arguments: where an array is both, that is its better name.
  void follow_contents(const Visit& visit) {
    if (const NodeId buffer = booster_buffer(graph_, visit.node); buffer != no_node) {
      add(model_of_booster(buffer), add_step({visit.step, Part::known, 0, "handle"}));
    }
    follow_state(visit);
    std::int64_t position = 0;
    for (const Item& item : graph_.items(visit.node)) {
      if (is_new(item.value)) follow(item.value, step_to(item, position, visit.step));
      ++position;
    }
    follow_arguments(visit);
  }

  void follow_arguments(const Visit& visit) {
    const NodeId arguments = graph_.arguments(visit.node);
    if (!is_new(arguments)) return;
    const bool is_known = follow_known(arguments, visit, argument_name);
    if (!is_known) follow(arguments, add_step({visit.step, Part::arguments, 0}));
  }

  // Follows the values of a tuple for which the framework has names. Returns false, having followed
  // nothing, where one of them that matters has none.
  template <typename NameOf>
  bool follow_known(NodeId tuple, const Visit& visit, NameOf name_of) {
    const std::vector<NodeId> values = tuple_values(graph_, tuple, most_known);
    const auto matters = [&](std::size_t i) { return is_new(values[i]); };
    bool is_known = false;
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (!matters(i)) continue;
      if (!name_of(graph_, visit.node, i)) return false;
      is_known = true;
    }
    for (std::size_t i = 0; is_known && i < values.size(); ++i) {
      if (!matters(i)) continue;
      const PartName name = *name_of(graph_, visit.node, i);
      follow(values[i], name.empty() ? visit.step : add_step({visit.step, Part::known, 0, name}));
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
    for (const NodeId attributes : attributes_of(graph_, state)) follow(attributes, visit.step);
  }

  void follow(NodeId node, std::uint32_t step) {
    if (is_new(node)) waiting_.push_back({node, step});
  }

  bool is_new(NodeId node) const {
    if (node >= graph_.size() || seen_[node]) return false;
    const NodeKind kind = graph_.node(node).kind;
    return kind >= NodeKind::list && kind != NodeKind::symbol;
  }

  std::uint32_t step_to(const Item& item, std::int64_t position, std::uint32_t before) {
    if (const auto name = graph_.text(item.key); name && name->size() <= longest_name) {
      return add_step({before, Part::name, item.key});
    }
    return add_step({before, Part::position, graph_.integer(item.key).value_or(position)});
  }

  std::uint32_t add_step(const Step& step) {
    steps_.push_back(step);
    return static_cast<std::uint32_t>(steps_.size() - 1);
  }

  std::string spelled(const Step& step) const {
    switch (step.part) {
      case Part::name:
        return fmt::format(".{}", *graph_.text(static_cast<NodeId>(step.value)));
      case Part::position:
        return fmt::format("[{}]", step.value);
      case Part::arguments:
        return "()";
      case Part::known:
        return fmt::format(".{}", step.known);
    }
    return {};
  }

  std::string path_to(std::uint32_t step) const {
    std::vector<std::string> parts;
    std::size_t bytes = 0;
    for (; step != no_step && bytes <= longest_path; step = steps_[step].before) {
      parts.push_back(spelled(steps_[step]));
      bytes += parts.back().size();
    }
    if (step != no_step) parts.emplace_back("...");
    std::string path;
    for (auto part = parts.rbegin(); part != parts.rend(); ++part) path += *part;
    return step == no_step && path.starts_with('.') ? path.substr(1) : path;
  }

  void add(TensorInfo tensor, std::uint32_t step) {
    tensor.path = path_to(step);
    bytes_ += sizeof(TensorInfo) + tensor.path.size() + tensor.dtype.size() +
              tensor.shape.size() * sizeof(std::uint64_t);
    base::require_within(bytes_, limits_.max_text_bytes, "max_text_bytes");
    found_.push_back(std::move(tensor));
  }

  const Graph& graph_;
  const Limits& limits_;
  const ReadTensor& read_tensor_;
  std::vector<bool> seen_;
  std::vector<Visit> waiting_;
  std::vector<Step> steps_;
  std::uint64_t bytes_ = 0;
  std::vector<TensorInfo> found_;
};

}  // namespace

std::vector<TensorInfo> inventory(const Graph& graph, const Limits& limits,
                                  const ReadTensor& read_tensor) {
  return Walk(graph, limits, read_tensor).run();
}

}  // namespace brine::tensor
