// The tensors of a payload, whatever file format it has.
#pragma once

#include <vector>

#include "brine/bytes.hpp"
#include "brine/limits.hpp"
#include "brine/snapshot.hpp"

namespace brine::store {

/// Lists the tensors of a pickle, several pickles in a row, a file of joblib, a zip, legacy file or
/// tar of torch, .npy or .npz, or of a zip or tar with several of them, in the order of the
/// payload. Reads opcodes and directories, elements for statistics only: memory does not grow with
/// them. What is compressed is unfolded into a temporary file. Of several pickles, a path begins
/// with the number of its own; of several files, with the name of the member. Throws: unsupported
/// for other formats and for names that are computed; corrupt; limit.
std::vector<TensorInfo> list_tensors(const RandomSource& payload, const Limits& limits,
                                     const TensorOptions& options = {});

/// Lists the objects of the pickles of a payload, or the arrays of an .npy or .npz, as a tree.
/// Throws: as list_tensors().
std::vector<TreeRow> list_tree(const RandomSource& payload, const TreeOptions& options,
                               const Limits& limits);

}  // namespace brine::store
