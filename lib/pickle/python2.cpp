#include "pickle/python2.hpp"

#include <string_view>

namespace brine::pickle {
namespace {

struct Pair {
  std::string_view name2;
  std::string_view name3;
};

struct Renamed {
  std::string_view module2;
  std::string_view name2;
  std::string_view module3;
  std::string_view name3;
};

// Those that are met in checkpoints; the whole list is Lib/_compat_pickle.py of CPython. A name
// that is missing here is written as Python 3 has it, and Python 3 reads that as well.
constexpr Pair modules[] = {
    {"__builtin__", "builtins"}, {"copy_reg", "copyreg"},          {"cPickle", "pickle"},
    {"Queue", "queue"},          {"ConfigParser", "configparser"}, {"thread", "_thread"},
};

// The first that fits is taken, in either direction.
constexpr Renamed symbols[] = {
    {"__builtin__", "xrange", "builtins", "range"},
    {"__builtin__", "reduce", "functools", "reduce"},
    {"__builtin__", "unicode", "builtins", "str"},
    {"__builtin__", "basestring", "builtins", "str"},
    {"__builtin__", "long", "builtins", "int"},
    {"__builtin__", "unichr", "builtins", "chr"},
    {"__builtin__", "intern", "sys", "intern"},
    {"itertools", "izip", "builtins", "zip"},
    {"itertools", "imap", "builtins", "map"},
    {"itertools", "ifilter", "builtins", "filter"},
    {"UserDict", "IterableUserDict", "collections", "UserDict"},
    {"UserDict", "UserDict", "collections", "UserDict"},
    {"UserList", "UserList", "collections", "UserList"},
};

}  // namespace

Symbol to_python2(const Symbol& symbol) {
  for (const Renamed& row : symbols) {
    if (symbol.module == row.module3 && symbol.name == row.name3) {
      return {std::string(row.module2), std::string(row.name2)};
    }
  }
  for (const Pair& row : modules) {
    if (symbol.module == row.name3) return {std::string(row.name2), symbol.name};
  }
  return symbol;
}

Symbol to_python3(const Symbol& symbol) {
  for (const Renamed& row : symbols) {
    if (symbol.module == row.module2 && symbol.name == row.name2) {
      return {std::string(row.module3), std::string(row.name3)};
    }
  }
  if (symbol.module == "exceptions") return {"builtins", symbol.name};
  for (const Pair& row : modules) {
    if (symbol.module == row.name2) return {std::string(row.name3), symbol.name};
  }
  return symbol;
}

}  // namespace brine::pickle
