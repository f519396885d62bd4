// The tensors of a payload, whatever file format it has.
#pragma once

#include <vector>

#include "brine/bytes.hpp"
#include "brine/limits.hpp"
#include "brine/snapshot.hpp"

namespace brine::store {

/// Lists the tensors of a pickle, several pickles in a row, a zip or legacy file of torch, .npy or
/// .npz, in the order of the payload. Reads opcodes and directories, not elements: memory and time
/// do not grow with them. Of several pickles, a path begins with the number of its own; of a zip
/// with several pickles, with the name of the member.
/// Throws: unsupported for other formats and for names that are computed; corrupt; limit.
std::vector<TensorInfo> list_tensors(const RandomSource& payload, const Limits& limits);

/// Lists the objects of the pickles of a payload, or the arrays of an .npy or .npz, as a tree.
/// Throws: as list_tensors().
std::vector<TreeRow> list_tree(const RandomSource& payload, const TreeOptions& options,
                               const Limits& limits);

}  // namespace brine::store
