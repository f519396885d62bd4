#include "tensor/nodes.hpp"

#include <algorithm>

namespace brine::tensor {

using pickle::Graph;
using pickle::Item;
using pickle::NodeId;
using pickle::NodeKind;

namespace {

constexpr std::uint32_t most_dimensions = 64;  // NPY_MAXDIMS of numpy 2

}  // namespace

std::vector<NodeId> tuple_values(const Graph& graph, NodeId id, std::uint32_t most) {
  std::vector<NodeId> values;
  if (!graph.is(id, NodeKind::tuple) || graph.item_count(id) > most) return values;
  for (const Item& item : graph.items(id)) values.push_back(item.value);
  return values;
}

bool calls(const Graph& graph, NodeId id, std::string_view name,
           std::initializer_list<std::string_view> modules) {
  const Symbol* const symbol = graph.symbol(graph.callable(id));
  return symbol != nullptr && symbol->name == name &&
         std::find(modules.begin(), modules.end(), symbol->module) != modules.end();
}

std::vector<pickle::NodeId> attributes_of(const pickle::Graph& graph, pickle::NodeId state) {
  using pickle::NodeKind;
  std::vector<pickle::NodeId> pair = tuple_values(graph, state, 2);
  const bool has_slots = pair.size() == 2 && graph.is(pair[1], NodeKind::dict) &&
                         (graph.is(pair[0], NodeKind::dict) || graph.is(pair[0], NodeKind::none));
  return has_slots ? pair : std::vector{state};
}

std::optional<std::vector<std::uint64_t>> read_shape(const Graph& graph, NodeId id) {
  if (!graph.is(id, NodeKind::tuple) || graph.item_count(id) > most_dimensions) {
    return std::nullopt;
  }
  std::vector<std::uint64_t> shape;
  for (const NodeId value : tuple_values(graph, id, most_dimensions)) {
    const auto extent = graph.integer(value);
    if (!extent || *extent < 0) return std::nullopt;
    shape.push_back(static_cast<std::uint64_t>(*extent));
  }
  return shape;
}

std::optional<std::uint64_t> bytes_of_shape(const std::vector<std::uint64_t>& shape,
                                            std::uint64_t item_bytes) {
  if (std::find(shape.begin(), shape.end(), 0U) != shape.end()) return 0;
  std::uint64_t bytes = item_bytes;
  for (const std::uint64_t extent : shape) {
    if (__builtin_mul_overflow(bytes, extent, &bytes)) return std::nullopt;
  }
  return bytes;
}

}  // namespace brine::tensor
