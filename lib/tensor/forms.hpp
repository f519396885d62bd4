// The names that frameworks have for what their calls take.
//
// A pickle says `_unpickle_block(values, placement, ndim)` by position only. Where the form is
// known, a path has the name instead: `df._mgr.blocks[0].values`.
#pragma once

#include <optional>
#include <string_view>

#include "pickle/graph.hpp"

namespace brine::tensor {

/// How a part of a call is called in a path. Empty: what is inside belongs to the object itself.
using PartName = std::string_view;

/// Returns the name of argument `position` of the call `id`; nothing: it has none that is known.
std::optional<PartName> argument_name(const pickle::Graph& graph, pickle::NodeId id,
                                      std::size_t position);

/// As above, of item `position` of a state that is a tuple.
std::optional<PartName> state_name(const pickle::Graph& graph, pickle::NodeId id,
                                   std::size_t position);

/// Returns the bytes that an XGBoost booster keeps its model in, or no_node.
pickle::NodeId booster_buffer(const pickle::Graph& graph, pickle::NodeId id);

}  // namespace brine::tensor
