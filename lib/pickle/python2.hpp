// Names that Python 3 writes into protocol 2 as Python 2 knew them, and reads back as its own.
#pragma once

#include <optional>

#include "brine/pickle.hpp"

namespace brine::pickle {

/// Returns the name that protocols under 3 have for one of Python 3, often the same; nothing where
/// readers take every such name for another one.
std::optional<Symbol> to_python2(const Symbol& symbol);

/// Returns the name that readers of protocols under 3 look up, often the same.
Symbol to_python3(const Symbol& symbol);

}  // namespace brine::pickle
