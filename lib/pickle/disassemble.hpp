// Lists a pickle opcode by opcode, as pickletools.dis of Python 3.11 prints it, byte for byte.
//
// Memory does not grow with the arguments: a large one is read from the payload in pieces, once to
// check it and to choose its quotes, and once to print it. That is why a payload has to be readable
// anywhere: pickletools prints nothing of an argument that is cut short or no UTF-8.
#pragma once

#include <string>

#include "brine/bytes.hpp"
#include "brine/limits.hpp"

namespace brine::pickle {

/// How a listing ended.
struct Listing {
  std::uint64_t opcodes = 0;  ///< that were printed
  int protocol = -1;          ///< highest that an opcode of it is of
  std::uint64_t offset = 0;   ///< behind the STOP, or where the listing ends before one
  std::string reason;         ///< why pickletools would go no further; empty: it would
};

/// Lists the pickle at `offset`, and puts the offsets of the payload into its lines. What is wrong
/// with the pickle is a reason, and lines up to there are written as pickletools writes them.
/// Throws: what `payload` and `out` throw.
Listing disassemble(const RandomSource& payload, std::uint64_t offset, Sink& out,
                    const Limits& limits);

}  // namespace brine::pickle
