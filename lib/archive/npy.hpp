// The header of a .npy file.
// Source: numpy NEP 1 and numpy/lib/format.py.
#pragma once

#include <cstdint>

#include "brine/bytes.hpp"

namespace brine::archive {

struct NpyHeader {
  std::uint64_t bytes = 0;      ///< of the header: the data begin behind it
  bool holds_objects = false;   ///< the data are a pickle
};

/// Reads the header at `offset`. Throws: corrupt when it is none or cut short.
NpyHeader read_npy(const RandomSource& source, std::uint64_t offset, std::uint64_t bytes);

}  // namespace brine::archive
