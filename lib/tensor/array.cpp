#include "tensor/array.hpp"

#include <algorithm>

#include "tensor/element_type.hpp"
#include "tensor/nodes.hpp"

namespace brine::tensor {
namespace {

using pickle::Graph;
using pickle::no_node;
using pickle::Node;
using pickle::NodeId;
using pickle::NodeKind;
using pickle::Op;

// Of the state of an array.
constexpr std::size_t shape_place = 1;
constexpr std::size_t type_place = 2;
constexpr std::size_t data_place = 4;
constexpr std::uint32_t state_values = 5;
constexpr std::size_t mask_place = 5;
constexpr std::size_t fill_place = 6;
constexpr std::uint32_t masked_state_values = 7;
constexpr std::uint64_t most_masked_fields = 16;

// Where the data of an array is. Without an offset, it does not stand in the payload as it is.
struct Data {
  std::optional<std::uint64_t> offset;
  std::optional<Node> spelled = {};  // the text that it is spelled as
};

Data spelled_as(const Node& text) { return {{}, text}; }

// Whether `text` may stand for so many bytes: one takes up to two in UTF-8, and more where they are
// spelled out: up to six (`\u00e9`) in UNICODE, up to four (`\xe9`) between the quotes of STRING.
bool may_spell(const Node& text, std::uint64_t bytes) {
  const std::uint64_t most = text.op == Op::unicode ? 6 : text.op == Op::string ? 4 : 2;
  const std::uint64_t spelled = text.op == Op::string ? text.bytes - 2 : text.bytes;
  return bytes <= spelled && (spelled + most - 1) / most <= bytes;
}

std::optional<Data> data_of_call(const Graph& graph, NodeId id, std::uint64_t bytes) {
  const std::vector<NodeId> arguments = tuple_values(graph, graph.arguments(id), 2);
  if (calls(graph, id, "bytes", {"builtins", "__builtin__"})) {
    return arguments.empty() && bytes == 0 ? std::optional(Data{}) : std::nullopt;
  }
  if (!calls(graph, id, "encode", {"_codecs"}) || arguments.size() != 2) return std::nullopt;
  const bool is_latin1 = graph.text(arguments[1]) == "latin1";
  const bool fits =
      graph.is(arguments[0], NodeKind::text) && may_spell(graph.node(arguments[0]), bytes);
  return is_latin1 && fits ? std::optional(spelled_as(graph.node(arguments[0]))) : std::nullopt;
}

// Returns nothing where `id` cannot be data of `bytes` bytes.
std::optional<Data> find_data(const Graph& graph, NodeId id, std::uint64_t bytes) {
  if (graph.is(id, NodeKind::call)) return data_of_call(graph, id, bytes);
  if (!graph.is(id, NodeKind::bytes) && !graph.is(id, NodeKind::text)) return std::nullopt;
  const Node& node = graph.node(id);
  switch (node.op) {
    case Op::next_buffer:  // travels beside the pickle
      return Data{};
    case Op::string:
      return may_spell(node, bytes) ? std::optional(spelled_as(node)) : std::nullopt;
    case Op::unicode:
    case Op::binunicode:
    case Op::short_binunicode:
    case Op::binunicode8:
      return std::nullopt;
    default:
      return node.bytes == bytes ? std::optional(Data{node.offset}) : std::nullopt;
  }
}

std::optional<Tensor> read_parts(const Graph& graph, NodeId type_id,
                                 std::optional<std::vector<std::uint64_t>> shape, NodeId data_id) {
  const auto type = shape ? read_element_type(graph, type_id) : std::nullopt;
  const auto bytes = type ? bytes_of_shape(*shape, type->bytes) : std::nullopt;
  const auto data = bytes ? find_data(graph, data_id, *bytes) : std::nullopt;
  if (!data) return std::nullopt;
  Tensor tensor(TensorInfo{.path = {},
                           .dtype = type->name,
                           .shape = std::move(*shape),
                           .offset = data->offset,
                           .bytes = *bytes});
  tensor.spelled = data->spelled;
  return tensor;
}

std::vector<NodeId> array_state(const Graph& graph, NodeId id) {
  if (!calls(graph, id, "_reconstruct", {"numpy.core.multiarray", "numpy._core.multiarray"})) {
    return {};
  }
  std::vector<NodeId> state = tuple_values(graph, graph.state(id), state_values);
  return state.size() == state_values ? state : std::vector<NodeId>{};
}

// joblib before 0.10 put the data of an array into a compressed file beside the pickle.
std::optional<Tensor> read_aside(const Graph& graph, NodeId id) {
  if (!calls(graph, id, "ZNDArrayWrapper",
             {"joblib.numpy_pickle", "sklearn.externals.joblib.numpy_pickle"})) {
    return std::nullopt;
  }
  if (!graph.is(graph.state(id), NodeKind::dict)) return std::nullopt;
  const auto attributes = graph.items(graph.state(id));
  const auto state = std::find_if(attributes.begin(), attributes.end(), [&](const auto& each) {
    return graph.text(each.key) == "state";
  });
  if (state == attributes.end()) return std::nullopt;
  const auto parts = tuple_values(graph, state->value, state_values);
  if (parts.size() <= type_place) return std::nullopt;
  const auto type = read_element_type(graph, parts[type_place]);
  auto shape = read_shape(graph, parts[shape_place]);
  const auto bytes = type && shape ? bytes_of_shape(*shape, type->bytes) : std::nullopt;
  if (!bytes) return std::nullopt;
  return TensorInfo{
      .path = {}, .dtype = type->name, .shape = std::move(*shape), .offset = {}, .bytes = *bytes};
}

}  // namespace

std::optional<Tensor> read_array(const Graph& graph, NodeId id) {
  if (const auto state = array_state(graph, id); !state.empty()) {
    return read_parts(graph, state[type_place], read_shape(graph, state[shape_place]),
                      state[data_place]);
  }
  const std::vector<NodeId> arguments = tuple_values(graph, graph.arguments(id), 5);
  if (calls(graph, id, "_frombuffer", {"numpy.core.numeric", "numpy._core.numeric"})) {
    if (arguments.size() < 4) return std::nullopt;
    return read_parts(graph, arguments[1], read_shape(graph, arguments[2]), arguments[0]);
  }
  if (calls(graph, id, "scalar", {"numpy.core.multiarray", "numpy._core.multiarray"})) {
    if (arguments.size() != 2) return std::nullopt;
    return read_parts(graph, arguments[0], std::vector<std::uint64_t>{}, arguments[1]);
  }
  return read_aside(graph, id);
}

std::optional<MaskedArray> read_masked_array(const Graph& graph, NodeId id) {
  if (!calls(graph, id, "_mareconstruct", {"numpy.ma.core", "numpy.ma"})) return std::nullopt;
  const std::vector<NodeId> state = tuple_values(graph, graph.state(id), masked_state_values);
  if (state.size() != masked_state_values) return std::nullopt;
  const auto shape = read_shape(graph, state[shape_place]);
  auto data = read_parts(graph, state[type_place], shape, state[data_place]);
  if (!data) return std::nullopt;
  MaskedArray found{.data = std::move(*data), .mask = {}, .fill_value = state[fill_place]};
  // Of rows, one for each of their fields.
  for (std::uint64_t fields = 1; fields <= most_masked_fields && !found.mask; ++fields) {
    const auto bytes = bytes_of_shape(*shape, fields);
    const auto mask = bytes ? find_data(graph, state[mask_place], *bytes) : std::nullopt;
    if (!mask) continue;
    found.mask = TensorInfo{.path = {},
                            .dtype = fields == 1 ? "bool" : "V" + std::to_string(fields),
                            .shape = *shape,
                            .offset = mask->offset,
                            .bytes = *bytes};
    found.mask->spelled = mask->spelled;
  }
  return found;
}

std::optional<ObjectArray> read_object_array(const Graph& graph, NodeId id) {
  const std::vector<NodeId> state = array_state(graph, id);
  if (state.empty() || !graph.is(state[data_place], NodeKind::list)) return std::nullopt;
  auto shape = read_shape(graph, state[shape_place]);
  if (!shape) return std::nullopt;
  // Of numbers, numpy takes no list; rows may have objects in them.
  const auto type = read_element_type(graph, state[type_place]);
  const bool is_plain = type && type->name[0] != 'V' && type->name[0] != '{';
  if (is_plain) return std::nullopt;
  const bool is_texts = is_string_type(graph, state[type_place]);
  const bool is_row = type && type->name[0] == '{';
  return ObjectArray{TensorInfo{.path = {},
                                .dtype = is_row     ? type->name
                                         : is_texts ? "StringDType"
                                                    : "object",
                                .shape = std::move(*shape),
                                .offset = {},
                                .bytes = 0},
                     state[data_place], state[shape_place]};
}

}  // namespace brine::tensor
