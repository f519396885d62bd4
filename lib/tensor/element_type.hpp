// What the elements of an array are, by the dtype that its pickle builds.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "pickle/graph.hpp"

namespace brine::tensor {

struct ElementType {
  std::string name;  ///< as numpy spells it; rows as `{feature: int64, threshold: float64}`
  std::uint64_t bytes = 0;
};

/// Reads the call of numpy.dtype that `id` names. Nothing for what is no dtype, and for elements
/// that are no bytes, such as objects.
std::optional<ElementType> read_element_type(const pickle::Graph& graph, pickle::NodeId id);

/// Returns what a tuple holds; nothing for another node, or one of more than `most` values.
std::vector<pickle::NodeId> tuple_values(const pickle::Graph& graph, pickle::NodeId id,
                                         std::uint32_t most);

}  // namespace brine::tensor
