// The header of a .npy file.
//
//   file   = %x93 "NUMPY" major minor length header data     (length: 2 bytes, from major 2 on 4)
//   header = "{'descr': " type ", 'fortran_order': " ("True" | "False")
//            ", 'shape': (" *( DIGIT | "," | " " | "L" ) "), }" *" " "\n"
//   type   = "'" code "'" | "[" *( "(" name ", " type [ ", (" shape ")" ] ")" [", "] ) "]"
//   name   = "'" text "'" | "('" title "', '" text "')"
//
// numpy reads any Python literal there. What is not written exactly as numpy writes it, or has a
// type that is not known to hold plain numbers and texts, counts as holding objects.
// Source: numpy NEP 1 and numpy/lib/format.py.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "brine/bytes.hpp"

namespace brine::archive {

struct NpyHeader {
  std::uint64_t bytes = 0;     ///< of the header: the data begin behind it
  bool holds_objects = false;  ///< the data are a pickle, or may be one
  /// Of the data, where the header tells the size of every code in its type.
  std::optional<std::uint64_t> data_bytes;
  std::string type;  ///< as the header spells it: `<f4`, or a list of fields; empty for objects
  std::vector<std::uint64_t> shape;
};

/// Reads the header at `offset`. Throws: corrupt when it is none or cut short.
NpyHeader read_npy(const RandomSource& source, std::uint64_t offset, std::uint64_t bytes);

}  // namespace brine::archive
