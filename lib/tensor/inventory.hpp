// The tensors of an object graph, by the path on which each is reached first.
#pragma once

#include <functional>
#include <optional>
#include <string_view>
#include <vector>

#include "brine/limits.hpp"
#include "brine/snapshot.hpp"
#include "pickle/graph.hpp"

namespace brine::tensor {

/// Reads what one framework makes tensors of; nothing for other nodes.
using ReadTensor = std::function<std::optional<TensorInfo>(pickle::NodeId)>;

/// What inventory() calls the bytes in which XGBoost keeps a model; see list_ubjson().
inline constexpr std::string_view booster_dtype = "xgboost";

/// Lists the arrays of numpy that the root of `graph` leads to, and what `read_tensor` reads, each
/// once, in the order of the pickle. Throws: limit, when they take over max_text_bytes to list.
std::vector<TensorInfo> inventory(const pickle::Graph& graph, const Limits& limits = {},
                                  const ReadTensor& read_tensor = {});

}  // namespace brine::tensor
