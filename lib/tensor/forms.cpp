#include "tensor/forms.hpp"

#include <algorithm>
#include <array>

#include "tensor/nodes.hpp"

namespace brine::tensor {
namespace {

using pickle::Graph;
using pickle::Item;
using pickle::no_node;
using pickle::NodeId;
using pickle::NodeKind;

constexpr std::size_t most_names = 4;

struct Form {
  std::string_view module;  // with those below it
  std::string_view name;
  std::array<std::optional<PartName>, most_names> names;
};

constexpr std::optional<PartName> unnamed = std::nullopt;

// Source: pandas/core/internals/{managers,blocks}.py, pandas/_libs/{internals,arrays}.pyx,
// pandas/core/indexes/base.py (_new_Index), of pandas 0.20 to 3.0.
constexpr Form arguments[] = {
    {"pandas", "BlockManager", {"blocks", "axes"}},
    {"pandas", "_unpickle_block", {"values", "placement"}},
    {"pandas", "new_block", {"values", "placement"}},
    {"pandas", "_new_Index", {unnamed, ""}},
    {"pandas", "_new_DatetimeIndex", {unnamed, ""}},
    {"pandas", "_new_PeriodIndex", {unnamed, ""}},
    {"torch.jit._pickle", "restore_type_tag", {""}},
    {"torch._utils", "_rebuild_sparse_tensor", {unnamed, ""}},
    {"torch._utils", "_rebuild_nested_tensor", {"buffer", "sizes", "strides", "offsets"}},
    {"scipy.sparse", "csr_matrix", {"data", "indices", "indptr"}},
};

constexpr Form states[] = {
    {"pandas", "BlockManager", {"axes", "values", "items", "extra"}},
    {"pandas", "SingleBlockManager", {"axes", "values", "items", "extra"}},
};

// Extension arrays of pandas are made by one function each of Cython.
constexpr std::string_view cython = "__pyx_unpickle_";

template <std::size_t rows>
std::optional<PartName> find(const Form (&forms)[rows], const Symbol& symbol,
                             std::size_t position) {
  if (position >= most_names) return std::nullopt;
  for (const Form& form : forms) {
    const bool is_below =
        symbol.module.starts_with(form.module) &&
        (symbol.module.size() == form.module.size() || symbol.module[form.module.size()] == '.');
    if (is_below && symbol.name == form.name) return form.names[position];
  }
  return std::nullopt;
}

// Whether a value of a state is made by a class such as CategoricalDtype.
bool is_dtype(const Graph& graph, NodeId id, std::size_t position) {
  const std::vector<NodeId> values = tuple_values(graph, graph.state(id), most_names);
  const Symbol* const made =
      position < values.size() ? graph.symbol(graph.callable(values[position])) : nullptr;
  return made != nullptr && made->name.ends_with("Dtype");
}

}  // namespace

std::optional<PartName> argument_name(const Graph& graph, NodeId id, std::size_t position) {
  const Symbol* const symbol = graph.symbol(graph.callable(id));
  return symbol == nullptr ? std::nullopt : find(arguments, *symbol, position);
}

std::optional<PartName> state_name(const Graph& graph, NodeId id, std::size_t position) {
  const Symbol* const symbol = graph.symbol(graph.callable(id));
  if (symbol == nullptr) return std::nullopt;
  const bool is_array = symbol->module.starts_with("pandas") && symbol->name.starts_with(cython);
  // Values and dtype come in either order, attributes behind them.
  if (is_array && position < 2) return is_dtype(graph, id, position) ? "dtype" : "_ndarray";
  if (is_array) return "";
  return find(states, *symbol, position);
}

NodeId booster_buffer(const Graph& graph, NodeId id) {
  const Symbol* const made = graph.symbol(graph.callable(id));
  const std::vector<NodeId> cls = tuple_values(graph, graph.arguments(id), 3);
  // Protocol 2 and later make it by NEWOBJ, earlier ones by copyreg's constructor.
  const Symbol* const named = cls.empty() ? nullptr : graph.symbol(cls[0]);
  const auto is_booster = [](const Symbol* symbol) {
    return symbol != nullptr && *symbol == Symbol{"xgboost.core", "Booster"};
  };
  if (!is_booster(made) && !is_booster(named)) return no_node;
  for (const Item& item : graph.items(graph.state(id))) {
    if (graph.text(item.key) != "handle") continue;
    if (graph.is(item.value, NodeKind::bytes)) return item.value;
    const bool is_array = calls(graph, item.value, "bytearray", {"builtins", "__builtin__"});
    const std::vector<NodeId> content =
        is_array ? tuple_values(graph, graph.arguments(item.value), 1) : std::vector<NodeId>{};
    if (content.size() == 1 && graph.is(content[0], NodeKind::bytes)) return content[0];
  }
  return no_node;
}

}  // namespace brine::tensor
