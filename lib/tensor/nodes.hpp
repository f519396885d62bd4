// Questions about nodes that every framework's forms are made of.
#pragma once

#include <initializer_list>
#include <optional>
#include <string_view>
#include <vector>

#include "pickle/graph.hpp"

namespace brine::tensor {

/// Whether `id` is a call of `name` in one of `modules`.
bool calls(const pickle::Graph& graph, pickle::NodeId id, std::string_view name,
           std::initializer_list<std::string_view> modules);

/// Returns what a tuple holds; nothing for another node, or one of more than `most` values.
std::vector<pickle::NodeId> tuple_values(const pickle::Graph& graph, pickle::NodeId id,
                                         std::uint32_t most);

/// Returns the values in which a state brings attributes: itself; or two, of which the first may be
/// None, where an object has __slots__.
std::vector<pickle::NodeId> attributes_of(const pickle::Graph& graph, pickle::NodeId state);

/// Reads a tuple of extents. Nothing where it is none.
std::optional<std::vector<std::uint64_t>> read_shape(const pickle::Graph& graph, pickle::NodeId id);

/// Returns nothing where the product is no number of bytes that a payload could have.
std::optional<std::uint64_t> bytes_of_shape(const std::vector<std::uint64_t>& shape,
                                            std::uint64_t item_bytes);

}  // namespace brine::tensor
