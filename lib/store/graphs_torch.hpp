// The object graphs of torch's own files, of all its times.
#pragma once

#include <functional>
#include <vector>

#include "archive/member.hpp"
#include "brine/limits.hpp"
#include "pickle/graph.hpp"
#include "store/decoded.hpp"
#include "tensor/inventory.hpp"

namespace brine::store {

/// Takes the graph of the object, what reads its tensors, and where the offsets of both count: the
/// file itself, or what was unfolded.
using UseObject = std::function<void(const RandomSource& source, const pickle::Graph&,
                                     const tensor::ReadTensor&)>;

/// Of torch 1.6 and later, and of TorchScript. Throws: unsupported, corrupt, limit; so do all.
void read_torch_zip(const RandomSource& payload, const std::vector<archive::Member>& members,
                    Unfolder& unfolder, const UseObject& use);

/// Of torch 0.1.10 to 1.5: five pickles, raw storages behind them.
void read_torch_legacy(const RandomSource& payload, const Limits& limits, const UseObject& use);

/// Of torch before 0.1.10.
void read_torch_tar(const RandomSource& payload, const std::vector<archive::Member>& members,
                    const Limits& limits, const UseObject& use);

}  // namespace brine::store
