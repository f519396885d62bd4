// The tensors of torch's own files, of all its times.
#pragma once

#include <string>
#include <vector>

#include "archive/tar.hpp"
#include "archive/zip.hpp"
#include "brine/snapshot.hpp"

namespace brine::store {

/// Of torch 1.6 and later, and of TorchScript. Throws: unsupported, corrupt, limit; so do all.
std::vector<TensorInfo> of_torch_zip(const RandomSource& payload,
                                     const std::vector<archive::ZipMember>& members,
                                     const Limits& limits);

/// Of torch 0.1.10 to 1.5: five pickles, raw storages behind them.
std::vector<TensorInfo> of_torch_legacy(const RandomSource& payload, const Limits& limits);

/// Of torch before 0.1.10.
std::vector<TensorInfo> of_torch_tar(const RandomSource& payload,
                                     const std::vector<archive::TarMember>& members,
                                     const Limits& limits);

/// Moves `tensors` to the end of `all`, their paths below `place`.
void add_below(const std::string& place, std::vector<TensorInfo> tensors,
               std::vector<TensorInfo>& all);

}  // namespace brine::store
