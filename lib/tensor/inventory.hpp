// The tensors of an object graph, by the paths that lead to them. Their grammar: tensor/path.hpp.
#pragma once

#include <string_view>
#include <vector>

#include "brine/limits.hpp"
#include "brine/snapshot.hpp"
#include "pickle/graph.hpp"
#include "tensor/tensor.hpp"

namespace brine::tensor {

/// What inventory() calls the bytes in which XGBoost keeps a model; see list_ubjson().
inline constexpr std::string_view booster_dtype = "xgboost";

/// Lists the arrays of numpy that the root of `graph` leads to, and what `read_tensor` reads, in
/// the order of the pickle. A tensor that several places hold is listed for each; an object that
/// holds tensors is looked into once, where it is met first. Without `payload`, keys that are known
/// by their place only are told by their position. Throws: limit, when they take over
/// max_text_bytes to list; what `payload` throws.
std::vector<Tensor> inventory(const pickle::Graph& graph, const Limits& limits = {},
                              const ReadTensor& read_tensor = {},
                              const RandomSource* payload = nullptr);

}  // namespace brine::tensor
