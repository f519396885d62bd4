// How one symbol is named in the protocols: under 3 by names of Python 2, and from 4 on a dot in a
// name leads into a class, which the protocols before reach by calls of getattr.
#pragma once

#include <string>
#include <vector>

#include "brine/pickle.hpp"

namespace brine::pickle {

/// A symbol as a protocol names it.
struct ProtocolName {
  Symbol symbol;
  std::vector<std::string> attributes;  ///< of it, each of the one before
};

/// Returns how a symbol that is spelled `symbol` in protocol `from` is named in `to`.
/// Throws: unsupported where readers of `to` would look up another one.
ProtocolName protocol_name(const Symbol& symbol, int from, int to);

/// Returns the one that `symbol` in `protocol` stands for.
Symbol meaning_of(const Symbol& symbol, int protocol);

}  // namespace brine::pickle
