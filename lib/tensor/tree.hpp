// The objects of a graph as lines of a tree, folded where there is more than people read.
#pragma once

#include <string>
#include <vector>

#include "brine/limits.hpp"
#include "brine/snapshot.hpp"
#include "tensor/inventory.hpp"

namespace brine::tensor {

/// Lists what the root of `graph` holds; `name`: of the root. Each object with its parts once,
/// where it is met first. Throws: limit, when the rows take over max_text_bytes; what `payload`
/// throws.
std::vector<TreeRow> tree(const pickle::Graph& graph, const RandomSource& payload,
                          const std::string& name, const TreeOptions& options, const Limits& limits,
                          const ReadTensor& read_tensor = {});

/// Says what an array is: `float32 3x4`, of one element `float32`.
std::string described(const TensorInfo& tensor);

}  // namespace brine::tensor
