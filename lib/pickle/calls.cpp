#include "pickle/calls.hpp"

#include <algorithm>

namespace brine::pickle {
namespace {

struct Row {
  std::string_view module;
  std::string_view name;
  Rule rule;
};

constexpr Row rows[] = {
    {"numpy", "dtype", Rule::dtype},
    {"copyreg", "_reconstructor", Rule::reconstructs},
    {"copy_reg", "_reconstructor", Rule::reconstructs},
    {"copyreg", "__newobj__", Rule::makes_first},
    {"copyreg", "__newobj_ex__", Rule::makes_first},
    {"builtins", "getattr", Rule::looks_up},
    {"__builtin__", "getattr", Rule::looks_up},
    {"functools", "partial", Rule::keeps_call},
    {"_functools", "partial", Rule::keeps_call},
    {"collections", "defaultdict", Rule::calls_default},
    {"_codecs", "encode", Rule::encodes},
    {"numpy.core.multiarray", "_reconstruct", Rule::makes_first},
    {"numpy._core.multiarray", "_reconstruct", Rule::makes_first},
    {"numpy.core._multiarray_umath", "_reconstruct", Rule::makes_first},
    {"numpy._core._multiarray_umath", "_reconstruct", Rule::makes_first},
    {"numpy.core._internal", "_reconstruct", Rule::makes_first},
    {"numpy._core._internal", "_reconstruct", Rule::makes_first},
    {"multiarray", "_reconstruct", Rule::makes_first},
    {"numpy.core.multiarray", "scalar", Rule::makes_scalar},
    {"numpy._core.multiarray", "scalar", Rule::makes_scalar},
    {"numpy.core._multiarray_umath", "scalar", Rule::makes_scalar},
    {"numpy._core._multiarray_umath", "scalar", Rule::makes_scalar},
    {"multiarray", "scalar", Rule::makes_scalar},
    {"numpy.ma.core", "_mareconstruct", Rule::makes_both},
    {"numpy.ma.mrecords", "_mrreconstruct", Rule::makes_both},
    {"numpy.random", "__RandomState_ctor", Rule::makes_generator},
    {"numpy.random.mtrand", "__RandomState_ctor", Rule::makes_generator},
    {"numpy.random._pickle", "__randomstate_ctor", Rule::makes_generator},
    {"numpy.random._pickle", "__generator_ctor", Rule::makes_generator},
    {"numpy.random._pickle", "__bit_generator_ctor", Rule::calls_default},
    {"torch._utils", "_rebuild_wrapper_subclass", Rule::makes_first},
    {"torch._tensor", "_rebuild_from_type_v2", Rule::rebuilds},
    {"pandas.core.index", "_new_Index", Rule::makes_first},
    {"pandas.indexes.base", "_new_Index", Rule::makes_first},
    {"pandas.core.indexes.base", "_new_Index", Rule::makes_first},
    {"pandas.tseries.index", "_new_DatetimeIndex", Rule::makes_first},
    {"pandas.core.indexes.datetimes", "_new_DatetimeIndex", Rule::makes_first},
    {"pandas.core.indexes.interval", "_new_IntervalIndex", Rule::makes_first},
    {"pandas.core.indexes.period", "_new_PeriodIndex", Rule::makes_first},
    {"sklearn.neighbors._ball_tree", "newObj", Rule::makes_first},
    {"sklearn.neighbors.ball_tree", "newObj", Rule::makes_first},
    {"sklearn.neighbors._kd_tree", "newObj", Rule::makes_first},
    {"sklearn.neighbors.kd_tree", "newObj", Rule::makes_first},
    {"sklearn.neighbors._dist_metrics", "newObj", Rule::makes_first},
    {"sklearn.neighbors.dist_metrics", "newObj", Rule::makes_first},
    {"sklearn.metrics._dist_metrics", "newObj", Rule::makes_first},
    {"dill._dill", "_get_attr", Rule::looks_up},
    {"dill.dill", "_get_attr", Rule::looks_up},
    {"dill._dill", "_import_module", Rule::imports},
    {"dill.dill", "_import_module", Rule::imports},
};

template <typename Names>
bool is_one_of(std::string_view name, const Names& names) {
  return std::find(std::begin(names), std::end(names), name) != std::end(names);
}

}  // namespace

Rule rule_for(const Symbol& symbol) {
  const auto row = std::find_if(std::begin(rows), std::end(rows), [&](const Row& each) {
    return each.name == symbol.name && each.module == symbol.module;
  });
  return row == std::end(rows) ? Rule::none : row->rule;
}

bool is_builtin_base(const Symbol& symbol) {
  constexpr std::string_view names[] = {"object",    "dict",    "list",  "tuple",    "set",
                                        "frozenset", "int",     "long",  "float",    "complex",
                                        "str",       "unicode", "bytes", "bytearray"};
  return (symbol.module == "builtins" || symbol.module == "__builtin__") &&
         is_one_of(symbol.name, names);
}

bool is_character_codec(std::string_view name) {
  constexpr std::string_view names[] = {"latin1", "latin-1", "utf-8", "utf8", "ascii"};
  return is_one_of(name, names);
}

}  // namespace brine::pickle
