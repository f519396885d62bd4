// The object graphs of torch's own files, of all its times.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "archive/member.hpp"
#include "brine/limits.hpp"
#include "pickle/graph.hpp"
#include "store/decoded.hpp"
#include "tensor/inventory.hpp"
#include "tensor/torch.hpp"

namespace brine::store {

/// Takes the graph of the object, what reads its tensors, and where the offsets of both count: the
/// file itself, or what was unfolded. `name`: of a member that is no part of the object, or empty.
using UseObject = std::function<void(const RandomSource& source, const pickle::Graph&,
                                     const tensor::ReadTensor&, const std::string& name)>;

/// What a plain pickle says of storages: those in byte strings are looked into, others are
/// elsewhere. Lifetime: borrows both.
tensor::TorchStorages storages_inside(const RandomSource& payload, const Limits& limits);

/// Of torch 1.6 and later, and of TorchScript with its constants. Throws: unsupported, corrupt,
/// limit; so do all.
void read_torch_zip(const RandomSource& payload, const std::vector<archive::Member>& members,
                    Unfolder& unfolder, const UseObject& use);

/// Of torch 0.1.10 to 1.5: five pickles, raw storages behind them.
void read_torch_legacy(const RandomSource& payload, const Limits& limits, const UseObject& use);

/// Where the storages of the first object of a legacy file end; nothing where that is not told.
/// Throws: as above; corrupt where they reach over the end of the file.
std::optional<std::uint64_t> end_of_torch_legacy(const RandomSource& payload, const Limits& limits);

/// Of torch before 0.1.10.
void read_torch_tar(const RandomSource& payload, const std::vector<archive::Member>& members,
                    const Limits& limits, const UseObject& use);

}  // namespace brine::store
