#include "tensor/torch.hpp"

#include <algorithm>

#include "tensor/nodes.hpp"

namespace brine::tensor {
namespace {

using pickle::Graph;
using pickle::NodeId;
using pickle::NodeKind;

struct Type {
  std::string_view name;     // as torch spells it behind `torch.`
  std::string_view storage;  // class of its storages, without `Storage`; empty: has none
  std::uint64_t bytes;
};

constexpr std::uint32_t most_changes = 2;  // conjugated, negated

constexpr Type types[] = {
    {"float64", "Double", 8},
    {"float32", "Float", 4},
    {"float16", "Half", 2},
    {"bfloat16", "BFloat16", 2},
    {"int64", "Long", 8},
    {"int32", "Int", 4},
    {"int16", "Short", 2},
    {"int8", "Char", 1},
    {"uint8", "Byte", 1},
    {"bool", "Bool", 1},
    {"complex64", "ComplexFloat", 8},
    {"complex128", "ComplexDouble", 16},
    {"qint8", "QInt8", 1},
    {"quint8", "QUInt8", 1},
    {"qint32", "QInt32", 4},
    {"uint8", "Untyped", 1},
    {"complex32", "", 4},
    {"uint16", "", 2},
    {"uint32", "", 4},
    {"uint64", "", 8},
    {"float8_e4m3fn", "", 1},
    {"float8_e5m2", "", 1},
    {"float8_e4m3fnuz", "", 1},
    {"float8_e5m2fnuz", "", 1},
    {"float8_e8m0fnu", "", 1},
    {"float4_e2m1fn_x2", "", 1},
};

const Type* type_of_storage(const Symbol& symbol) {
  const bool is_torch =
      symbol.module == "torch" || symbol.module == "torch.storage" || symbol.module == "torch.cuda";
  std::string_view name = symbol.name;
  if (!is_torch || !name.ends_with("Storage")) return nullptr;
  name.remove_suffix(std::string_view("Storage").size());
  const auto* const row = std::find_if(std::begin(types), std::end(types), [&](const Type& type) {
    return !type.storage.empty() && type.storage == name;
  });
  return row == std::end(types) ? nullptr : row;
}

const Type* type_of_dtype(const Graph& graph, NodeId id) {
  const Symbol* const symbol = graph.symbol(id);
  if (symbol == nullptr || symbol->module != "torch") return nullptr;
  const auto* const row = std::find_if(std::begin(types), std::end(types),
                                       [&](const Type& type) { return type.name == symbol->name; });
  return row == std::end(types) ? nullptr : row;
}

std::optional<std::uint64_t> natural(const Graph& graph, NodeId id) {
  const auto value = graph.integer(id);
  if (!value || *value < 0) return std::nullopt;
  return static_cast<std::uint64_t>(*value);
}

// torch.Size(tuple) or a tuple.
std::optional<std::vector<std::uint64_t>> read_size(const Graph& graph, NodeId id) {
  if (calls(graph, id, "Size", {"torch"})) {
    const std::vector<NodeId> arguments = tuple_values(graph, graph.arguments(id), 1);
    return arguments.empty() ? std::nullopt : read_shape(graph, arguments[0]);
  }
  return read_shape(graph, id);
}

// Elements from the first to behind the last; nothing where that is no number.
std::optional<std::uint64_t> reach(const std::vector<std::uint64_t>& size,
                                   const std::vector<std::uint64_t>& stride) {
  std::uint64_t last = 0;
  for (std::size_t i = 0; i < size.size(); ++i) {
    std::uint64_t steps = 0;
    if (size[i] == 0) return 0;
    if (__builtin_mul_overflow(size[i] - 1, stride[i], &steps) ||
        __builtin_add_overflow(last, steps, &last)) {
      return std::nullopt;
    }
  }
  return last + 1;
}

bool is_in_one_row(const std::vector<std::uint64_t>& size,
                   const std::vector<std::uint64_t>& stride) {
  std::uint64_t expected = 1;
  for (std::size_t i = size.size(); i-- > 0;) {
    if (size[i] != 1 && stride[i] != expected) return false;
    expected *= size[i];
  }
  return true;
}

// Whether each element from the first to the last belongs to the tensor, once.
bool has_no_gaps(const std::vector<std::uint64_t>& size, const std::vector<std::uint64_t>& stride) {
  std::vector<std::pair<std::uint64_t, std::uint64_t>> dimensions;
  for (std::size_t i = 0; i < size.size(); ++i) {
    if (size[i] != 1) dimensions.emplace_back(stride[i], size[i]);
  }
  std::sort(dimensions.begin(), dimensions.end());
  std::uint64_t expected = 1;
  for (const auto& [step, extent] : dimensions) {
    if (step != expected) return false;
    expected *= extent;
  }
  return true;
}

// A tensor whose elements are elsewhere, or nowhere.
TensorInfo unplaced(const Type& type, std::vector<std::uint64_t> shape, std::uint64_t bytes) {
  return {.path = {},
          .dtype = std::string(type.name),
          .shape = std::move(shape),
          .offset = {},
          .bytes = bytes};
}

std::optional<TensorInfo> read_meta_tensor(const Graph& graph, NodeId parts) {
  const std::vector<NodeId> arguments = tuple_values(graph, parts, 4);
  const Type* const type = arguments.size() < 2 ? nullptr : type_of_dtype(graph, arguments[0]);
  auto size = type == nullptr ? std::nullopt : read_size(graph, arguments[1]);
  const auto bytes = size ? bytes_of_shape(*size, type->bytes) : std::nullopt;
  if (!bytes) return std::nullopt;
  return unplaced(*type, std::move(*size), *bytes);
}

// Of a distributed checkpoint: what its .metadata says of a tensor whose parts are in other files.
std::optional<TensorInfo> read_stored_metadata(const Graph& graph, NodeId id) {
  std::optional<std::vector<std::uint64_t>> size;
  const Type* type = nullptr;
  for (const pickle::Item& item : graph.items(graph.state(id))) {
    const auto name = graph.text(item.key);
    if (name == "size") size = read_size(graph, item.value);
    if (name == "properties") {
      const std::vector<NodeId> state = tuple_values(graph, graph.state(item.value), 8);
      if (!state.empty()) type = type_of_dtype(graph, state[0]);
    }
  }
  const auto bytes = size && type != nullptr ? bytes_of_shape(*size, type->bytes) : std::nullopt;
  if (!bytes) return std::nullopt;
  return unplaced(*type, std::move(*size), *bytes);
}

bool is_stored_metadata(const Graph& graph, NodeId id) {
  return calls(
      graph, id, "TensorStorageMetadata",
      {"torch.distributed.checkpoint.metadata", "torch.distributed._shard.checkpoint.metadata"});
}

// A function of torch._utils and what it is given.
struct Rebuilding {
  std::string_view function;
  NodeId arguments = pickle::no_node;
};

bool is_typed(const Graph& graph, NodeId id) {
  return calls(graph, id, "_rebuild_from_type_v2", {"torch._tensor"}) ||
         calls(graph, id, "_rebuild_from_type", {"torch._tensor"});
}

// Subclasses of a tensor, and tensors with attributes, are made of one:
// _rebuild_from_type_v2(function, class, arguments, state).
Rebuilding rebuilding_of(const Graph& graph, NodeId id) {
  NodeId callable = graph.callable(id);
  NodeId arguments = graph.arguments(id);
  if (is_typed(graph, id)) {
    const std::vector<NodeId> parts = tuple_values(graph, arguments, 4);
    if (parts.size() < 3) return {};
    callable = parts[0];
    arguments = parts[2];
  }
  const Symbol* const symbol = graph.symbol(callable);
  if (symbol == nullptr || symbol->module != "torch._utils") return {};
  return {symbol->name, arguments};
}

// As torch.save of a storage alone makes it, into a byte string.
bool is_loaded_storage(const Graph& graph, NodeId id) {
  return calls(graph, id, "_load_from_bytes", {"torch.storage"});
}

std::optional<LoadedStorage> find_storage(const Graph& graph, NodeId id,
                                          const TorchStorages& storages) {
  if (is_loaded_storage(graph, id)) {
    const std::vector<NodeId> arguments = tuple_values(graph, graph.arguments(id), 1);
    if (arguments.empty() || !storages.load) return std::nullopt;
    return storages.load(graph, arguments[0]);
  }
  auto named = read_storage_id(graph, id);
  if (!named) return std::nullopt;
  const auto known = storages.by_key.find(named->key);
  // Where the elements are not at hand, so is their end.
  const Storage elsewhere{std::nullopt, ~std::uint64_t{0}};
  return LoadedStorage{std::move(*named),
                       known == storages.by_key.end() ? elsewhere : known->second};
}

struct Elements {
  bool is_big_endian = false;
  bool is_changed = false;  // by what is not among them
  bool is_negated = false;
  bool is_known = true;  // what changes them
};

// Reads what says that elements are to be conjugated or negated: then they do not stand there as
// they are.
void read_changes(const Graph& graph, NodeId metadata, Elements& elements) {
  elements.is_changed = graph.item_count(metadata) > 0;
  for (const pickle::Item& item : graph.items(metadata, most_changes)) {
    const auto name = graph.text(item.key);
    const bool is_set = graph.node(item.value).op == pickle::Op::newtrue;
    if (name == "neg" && is_set) elements.is_negated = true;
    if ((name != "neg" && name != "conj") || !is_set) elements.is_known = false;
  }
}

// Integers may have a least one without a counterpart.
bool can_be_negated(std::string_view dtype) {
  return dtype.find("float") != dtype.npos || dtype.starts_with("complex");
}

std::optional<Tensor> placed(StorageClass type, const LoadedStorage& storage, std::uint64_t first,
                             std::vector<std::uint64_t> size,
                             const std::vector<std::uint64_t>& stride, const Elements& elements) {
  if (elements.is_big_endian && type.item_bytes > 1) type.dtype += ", big-endian";
  auto tensor = read_strided(type, storage.place, first, std::move(size), stride);
  if (!tensor) return std::nullopt;
  if (elements.is_changed) {
    const bool is_measurable =
        elements.is_known && (!elements.is_negated || can_be_negated(type.dtype));
    const auto place = tensor->offset ? tensor->offset : tensor->unordered;
    tensor->unordered = is_measurable ? place : std::nullopt;
    tensor->is_negated = elements.is_negated;
    tensor->offset.reset();
  }
  // Where it has no place in the payload, its key tells it from others.
  if (!storage.place.offset) tensor->extent->storage = storage.id.key;
  return tensor;
}

std::optional<Tensor> read_storage(const Graph& graph, NodeId id, const TorchStorages& storages) {
  const auto storage = find_storage(graph, id, storages);
  if (!storage) return std::nullopt;
  return placed({storage->id.dtype, storage->id.item_bytes}, *storage, 0, {storage->id.items}, {1},
                {.is_big_endian = storages.is_big_endian});
}

bool is_strided(std::string_view function) {
  return function == "_rebuild_tensor_v2" || function == "_rebuild_tensor" ||
         function == "_rebuild_tensor_v3" || function == "_rebuild_qtensor";
}

}  // namespace

std::optional<StorageId> read_storage_id(const Graph& graph, NodeId id) {
  if (!graph.is(id, NodeKind::persistent)) return std::nullopt;
  const std::vector<NodeId> parts = tuple_values(graph, graph.arguments(id), 6);
  if (parts.size() < 5 || graph.text(parts[0]) != "storage") return std::nullopt;
  const Symbol* const storage = graph.symbol(parts[1]);
  const Type* const type = storage == nullptr ? nullptr : type_of_storage(*storage);
  const auto key = graph.text(parts[2]);
  const auto items = natural(graph, parts[4]);
  if (type == nullptr || !key || !items) return std::nullopt;
  return StorageId{std::string(*key), std::string(type->name), type->bytes, *items};
}

pickle::NodeId held_tensor(const Graph& graph, NodeId id) {
  const bool is_parameter = calls(graph, id, "_rebuild_parameter", {"torch._utils"}) ||
                            calls(graph, id, "_rebuild_parameter_with_state", {"torch._utils"});
  const std::vector<NodeId> arguments =
      is_parameter ? tuple_values(graph, graph.arguments(id), 5) : std::vector<NodeId>{};
  return arguments.empty() ? pickle::no_node : arguments[0];
}

TensorParts parts_of_tensor(const Graph& graph, NodeId id) {
  TensorParts parts;
  const Rebuilding made = rebuilding_of(graph, id);
  if (is_typed(graph, id) || calls(graph, id, "_rebuild_parameter_with_state", {"torch._utils"})) {
    const std::vector<NodeId> arguments = tuple_values(graph, graph.arguments(id), 4);
    if (arguments.size() == 4) parts.state = arguments[3];
  }
  const std::vector<NodeId> arguments = tuple_values(graph, made.arguments, 9);
  if (made.function == "_rebuild_qtensor" && arguments.size() > 4) {
    // Of a scale for each channel; else both are numbers.
    const std::vector<NodeId> quantiser = tuple_values(graph, arguments[4], 4);
    if (quantiser.size() > 2)
      parts.named = {{"scales", quantiser[1]}, {"zero_points", quantiser[2]}};
  }
  return parts;
}

std::optional<Tensor> read_torch_tensor(const Graph& graph, NodeId id,
                                        const TorchStorages& storages) {
  if (is_stored_metadata(graph, id)) return read_stored_metadata(graph, id);
  if (graph.is(id, NodeKind::persistent) || is_loaded_storage(graph, id)) {
    return read_storage(graph, id, storages);
  }
  const Rebuilding made = rebuilding_of(graph, id);
  if (made.function == "_rebuild_meta_tensor_no_storage") {
    return read_meta_tensor(graph, made.arguments);
  }
  if (!is_strided(made.function)) return std::nullopt;
  const std::vector<NodeId> arguments = tuple_values(graph, made.arguments, 9);
  if (arguments.size() < 4) return std::nullopt;
  const auto storage = find_storage(graph, arguments[0], storages);
  const auto first = natural(graph, arguments[1]);
  auto size = read_size(graph, arguments[2]);
  const auto stride = read_size(graph, arguments[3]);
  if (!storage || !first || !size || !stride) return std::nullopt;
  StorageClass type{storage->id.dtype, storage->id.item_bytes};
  if (made.function == "_rebuild_tensor_v3" && arguments.size() > 6) {
    const Type* const named = type_of_dtype(graph, arguments[6]);
    if (named == nullptr) return std::nullopt;
    type = {std::string(named->name), named->bytes};
  }
  Elements elements{.is_big_endian = storages.is_big_endian};
  if (made.function == "_rebuild_tensor_v2" && arguments.size() > 6) {
    read_changes(graph, arguments[6], elements);
  }
  return placed(type, *storage, *first, std::move(*size), *stride, elements);
}

std::optional<StorageClass> read_storage_class(const Graph& graph, NodeId id) {
  const Symbol* const symbol = graph.symbol(id);
  const Type* const type = symbol == nullptr ? nullptr : type_of_storage(*symbol);
  if (type == nullptr) return std::nullopt;
  return StorageClass{std::string(type->name), type->bytes};
}

std::optional<Tensor> read_strided(const StorageClass& type, const Storage& storage,
                                   std::uint64_t first, std::vector<std::uint64_t> shape,
                                   const std::vector<std::uint64_t>& stride) {
  if (shape.size() != stride.size()) return std::nullopt;
  const auto bytes = bytes_of_shape(shape, type.item_bytes);
  const auto elements = reach(shape, stride);
  if (!bytes || !elements) return std::nullopt;
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
  if (__builtin_mul_overflow(first, type.item_bytes, &begin) ||
      __builtin_mul_overflow(*elements, type.item_bytes, &end) ||
      __builtin_add_overflow(begin, end, &end) || end > storage.bytes) {
    return std::nullopt;
  }
  const bool has_place = storage.offset && is_in_one_row(shape, stride);
  const bool is_unordered = storage.offset && !has_place && has_no_gaps(shape, stride);
  const std::uint64_t place = storage.offset.value_or(0);
  Tensor tensor(TensorInfo{.path = {},
                           .dtype = type.dtype,
                           .shape = std::move(shape),
                           .offset = has_place ? std::optional(place + begin) : std::nullopt,
                           .bytes = *bytes});
  tensor.extent = Extent{{}, place + begin, place + end};
  if (is_unordered) tensor.unordered = place + begin;
  return tensor;
}

}  // namespace brine::tensor
