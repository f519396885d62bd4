// Names that Python 3 writes into protocol 2 as Python 2 knew them, and reads back as its own.
#pragma once

#include "brine/pickle.hpp"

namespace brine::pickle {

/// Returns the name of Python 2 for one of Python 3, or the same.
Symbol to_python2(const Symbol& symbol);

/// Returns the name of Python 3 for one of Python 2, or the same.
Symbol to_python3(const Symbol& symbol);

}  // namespace brine::pickle
