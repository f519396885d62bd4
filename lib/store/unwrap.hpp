// Pickles inside gzip, bzip2, xz or zstd.
#pragma once

#include <optional>

#include "brine/bytes.hpp"
#include "brine/codec.hpp"
#include "brine/limits.hpp"
#include "codec/codec.hpp"

namespace brine::store {

/// Returns the codec around a plain pickle, found by decoding all of `file` once; nothing when it
/// is not compressed, is damaged, or holds something else, which is then kept as it is: a joblib
/// file or a tar has a meaning of its own to the tools that read it compressed.
std::optional<CodecId> wrapper_of_pickle(const RandomSource& file, const Limits& limits);

}  // namespace brine::store
