// The tensors of an object graph, by the path on which each is reached first.
#pragma once

#include <vector>

#include "brine/limits.hpp"
#include "brine/snapshot.hpp"
#include "pickle/graph.hpp"

namespace brine::tensor {

/// Lists the arrays of numpy that the root of `graph` leads to, each once, in the order of the
/// pickle. Throws: limit, when they take more than max_text_bytes to list.
std::vector<TensorInfo> inventory(const pickle::Graph& graph, const Limits& limits = {});

}  // namespace brine::tensor
