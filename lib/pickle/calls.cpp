#include "pickle/calls.hpp"

#include <algorithm>

namespace brine::pickle {
namespace {

struct Row {
  std::string_view module;
  std::string_view name;
  Effect effect;
};

constexpr Row rows[] = {
    {"numpy", "dtype", Effect::dtype},
    {"copyreg", "_reconstructor", Effect::reconstructs},
    {"copy_reg", "_reconstructor", Effect::reconstructs},
    {"copyreg", "__newobj__", Effect::makes_first},
    {"copyreg", "__newobj_ex__", Effect::makes_first},
    {"builtins", "getattr", Effect::looks_up},
    {"__builtin__", "getattr", Effect::looks_up},
    {"functools", "partial", Effect::keeps_call},
    {"_functools", "partial", Effect::keeps_call},
    {"collections", "defaultdict", Effect::calls_default},
    {"_codecs", "encode", Effect::encodes},
    {"numpy.core.multiarray", "_reconstruct", Effect::makes_array},
    {"numpy._core.multiarray", "_reconstruct", Effect::makes_array},
    {"numpy.core._multiarray_umath", "_reconstruct", Effect::makes_array},
    {"numpy._core._multiarray_umath", "_reconstruct", Effect::makes_array},
    {"numpy.core._internal", "_reconstruct", Effect::makes_array},
    {"numpy._core._internal", "_reconstruct", Effect::makes_array},
    {"multiarray", "_reconstruct", Effect::makes_array},
    {"numpy.core.multiarray", "scalar", Effect::makes_scalar},
    {"numpy._core.multiarray", "scalar", Effect::makes_scalar},
    {"numpy.core._multiarray_umath", "scalar", Effect::makes_scalar},
    {"numpy._core._multiarray_umath", "scalar", Effect::makes_scalar},
    {"multiarray", "scalar", Effect::makes_scalar},
    {"numpy", "memmap", Effect::opens_file},
    {"numpy.core.memmap", "memmap", Effect::opens_file},
    {"numpy.ma.core", "_mareconstruct", Effect::makes_both},
    {"numpy.ma.mrecords", "_mrreconstruct", Effect::makes_both},
    {"numpy.random", "__RandomState_ctor", Effect::makes_generator},
    {"numpy.random.mtrand", "__RandomState_ctor", Effect::makes_generator},
    {"numpy.random._pickle", "__randomstate_ctor", Effect::makes_generator},
    {"numpy.random._pickle", "__generator_ctor", Effect::makes_generator},
    {"numpy.random._pickle", "__bit_generator_ctor", Effect::calls_default},
    {"torch._utils", "_rebuild_wrapper_subclass", Effect::makes_first},
    {"torch.storage", "_load_from_bytes", Effect::loads_bytes},
    {"torch._tensor", "_rebuild_from_type", Effect::rebuilds},
    {"torch._tensor", "_rebuild_from_type_v2", Effect::rebuilds},
    {"torch.tensor", "_rebuild_from_type", Effect::rebuilds},
    {"torch.tensor", "_rebuild_from_type_v2", Effect::rebuilds},
    {"pandas.core.index", "_new_Index", Effect::makes_first},
    {"pandas.indexes.base", "_new_Index", Effect::makes_first},
    {"pandas.core.indexes.base", "_new_Index", Effect::makes_first},
    {"pandas.tseries.index", "_new_DatetimeIndex", Effect::makes_first},
    {"pandas.core.indexes.datetimes", "_new_DatetimeIndex", Effect::makes_first},
    {"pandas.core.indexes.interval", "_new_IntervalIndex", Effect::makes_first},
    {"pandas.core.indexes.timedeltas", "_new_TimedeltaIndex", Effect::makes_first},
    {"pandas.tseries.period", "_new_PeriodIndex", Effect::makes_first},
    {"pandas.core.indexes.period", "_new_PeriodIndex", Effect::makes_first},
    {"sklearn.neighbors._ball_tree", "newObj", Effect::makes_first},
    {"sklearn.neighbors.ball_tree", "newObj", Effect::makes_first},
    {"sklearn.neighbors._kd_tree", "newObj", Effect::makes_first},
    {"sklearn.neighbors.kd_tree", "newObj", Effect::makes_first},
    {"sklearn.neighbors._dist_metrics", "newObj", Effect::makes_first},
    {"sklearn.neighbors.dist_metrics", "newObj", Effect::makes_first},
    {"sklearn.metrics._dist_metrics", "newObj", Effect::makes_first},
    {"dill._dill", "_get_attr", Effect::looks_up},
    {"dill.dill", "_get_attr", Effect::looks_up},
    {"dill._dill", "_import_module", Effect::imports},
    {"dill.dill", "_import_module", Effect::imports},
};

template <typename Names>
bool is_one_of(std::string_view name, const Names& names) {
  return std::find(std::begin(names), std::end(names), name) != std::end(names);
}

}  // namespace

Effect effect_of(const Symbol& symbol) {
  const auto row = std::find_if(std::begin(rows), std::end(rows), [&](const Row& each) {
    return each.name == symbol.name && each.module == symbol.module;
  });
  if (row != std::end(rows)) return row->effect;
  return symbol.name.starts_with("__pyx_unpickle_") ? Effect::makes_first : Effect::none;
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
