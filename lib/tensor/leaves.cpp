#include "tensor/leaves.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>

#include "base/arithmetic.hpp"
#include "brine/error.hpp"
#include "pickle/literal.hpp"
#include "pickle/numeral.hpp"
#include "pickle/python_literal.hpp"
#include "pickle/spelled.hpp"
#include "tensor/array.hpp"
#include "tensor/element_type.hpp"
#include "tensor/nodes.hpp"
#include "value/dtype.hpp"

namespace brine::tensor {
namespace {

using pickle::Graph;
using pickle::no_node;
using pickle::Node;
using pickle::NodeId;
using pickle::NodeKind;
using pickle::Op;

bool calls(const Graph& graph, NodeId id, std::string_view module, std::string_view name) {
  const Symbol* const symbol = graph.symbol(graph.callable(id));
  if (symbol == nullptr || symbol->name != name || graph.node(id).op != Op::reduce) return false;
  return symbol->module == module || (module == "builtins" && symbol->module == "__builtin__");
}

bool is_python2_text(Op op) {
  return op == Op::string || op == Op::binstring || op == Op::short_binstring;
}

bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= 0; });
}

}  // namespace

std::optional<std::string> to_latin1(std::string_view utf8) {
  std::string bytes;
  for (std::size_t i = 0; i < utf8.size(); ++i) {
    const auto first = static_cast<unsigned char>(utf8[i]);
    if (first < 0x80) {
      bytes += utf8[i];
    } else if (first > 0xc3 || i + 1 == utf8.size()) {
      return std::nullopt;
    } else {
      bytes += static_cast<char>((first << 6) | (utf8[++i] & 0x3f));
    }
  }
  return bytes;
}

std::string Leaves::argument(const Node& node) const {
  std::string content(static_cast<std::size_t>(node.bytes), '\0');
  payload_.read_at(node.offset, std::as_writable_bytes(std::span(content)));
  return content;
}

std::optional<Value> Leaves::read(NodeId id) {
  const Node& node = graph_.node(id);
  switch (node.kind) {
    case NodeKind::none:
      return Value();
    case NodeKind::boolean:
      return boolean(id);
    case NodeKind::integer:
      return integer(id);
    case NodeKind::real:
      return real(node);
    case NodeKind::text:
      return text(id);
    case NodeKind::bytes:
      if (node.op == Op::next_buffer) {
        throw Error(Errc::unsupported, "a buffer stands beside the pickle, and is not there");
      }
      return node.op == Op::bytearray8 ? Value::byte_array(bytes_of(argument(node)))
                                       : Value::bytes(bytes_of(argument(node)));
    case NodeKind::call:
      return call(id);
    default:
      return std::nullopt;
  }
}

// What readers disagree about is no value.
std::string Leaves::plain_number(const Node& node) const {
  std::string line = argument(node);
  if (pickle::spelling_of(node.op, line) == pickle::Spelling::plain) return line;
  throw Error(Errc::unsupported,
              fmt::format("at offset {} of the pickle: a number is spelled as no pickler spells it",
                          node.offset));
}

bool Leaves::boolean(NodeId id) const {
  const Node& node = graph_.node(id);
  return node.op == Op::newtrue || (node.op == Op::int_ && argument(node) == "01");
}

Value Leaves::integer(NodeId id) const {
  if (const auto known = graph_.integer(id)) return *known;
  const Node& node = graph_.node(id);
  const bool is_spelled = node.op == Op::int_ || node.op == Op::long_;
  if (is_spelled) return Value::integer(pickle::integer_of_decimal(plain_number(node)));
  return Value::integer(bytes_of(argument(node)));
}

Value Leaves::real(const Node& node) const {
  if (node.op == Op::float_) return pickle::read_float(plain_number(node)).value_or(0);
  std::string content = argument(node);
  std::reverse(content.begin(), content.end());
  return std::bit_cast<double>(base::little_endian(bytes_of(content).data(), 8));
}

std::string Leaves::text_content(NodeId id) const {
  if (const auto held = graph_.text(id)) return std::string(*held);
  const Node& node = graph_.node(id);
  std::string content = argument(node);
  if (node.op == Op::unicode) return pickle::unescape_unicode(content);
  if (node.op != Op::string) return content;
  return pickle::unescape_string(std::string_view(content).substr(1, content.size() - 2));
}

Value Leaves::text(NodeId id) const {
  const std::string content = text_content(id);
  if (is_python2_text(graph_.node(id).op)) {
    return is_ascii(content) ? Value(content) : Value::bytes(bytes_of(content));
  }
  if (pickle::is_utf8(content, pickle::Surrogates::passed)) return content;
  throw Error(Errc::corrupt, "a text of the pickle is not UTF-8");
}

// The bytes that an array is made of, in whatever way they are written.
std::optional<std::string> Leaves::raw_content(NodeId id) const {
  if (graph_.is(id, NodeKind::bytes)) {
    const Node& node = graph_.node(id);
    return node.op == Op::next_buffer ? std::nullopt : std::optional(argument(node));
  }
  if (graph_.is(id, NodeKind::text) && is_python2_text(graph_.node(id).op)) {
    return text_content(id);
  }
  if (!graph_.is(id, NodeKind::call)) return std::nullopt;
  if (calls(graph_, id, "builtins", "bytes") && graph_.item_count(graph_.arguments(id)) == 0) {
    return std::string();
  }
  const auto arguments = tuple_values(graph_, graph_.arguments(id), 2);
  const bool is_encoded = calls(graph_, id, "_codecs", "encode") && arguments.size() == 2 &&
                          graph_.is(arguments[0], NodeKind::text) &&
                          graph_.text(arguments[1]) == "latin1";
  return is_encoded ? to_latin1(text_content(arguments[0])) : std::nullopt;
}

bool Leaves::is_tiny(NodeId id) const {
  const auto arguments = tuple_values(graph_, graph_.arguments(id), 2);
  const NodeId stored = arguments.empty() ? id : arguments[0];
  return graph_.is(stored, NodeKind::call) || (stored != no_node && graph_.node(stored).bytes <= 2);
}

std::optional<Value> Leaves::call(NodeId id) {
  if (graph_.state(id) == no_node && graph_.item_count(id) == 0) {
    const auto arguments = tuple_values(graph_, graph_.arguments(id), 2);
    if (calls(graph_, id, "builtins", "bytes") || calls(graph_, id, "_codecs", "encode")) {
      const NodeId key = arguments.empty() ? id : arguments[0];
      if (const auto known = encoded_.find(key); known != encoded_.end()) return known->second;
      const auto content = raw_content(id);
      auto value = content ? std::optional(Value::bytes(bytes_of(*content))) : std::nullopt;
      return encoded_.emplace(key, std::move(value)).first->second;
    }
    if (calls(graph_, id, "builtins", "bytearray") && arguments.size() < 2) {
      if (arguments.empty()) return Value::byte_array({});
      // CPython has one object for each bytes of a single byte.
      const bool is_served = served_.insert(arguments[0]).second || is_tiny(arguments[0]);
      const bool is_text = graph_.is(arguments[0], NodeKind::text);
      const auto content = is_served && !is_text ? raw_content(arguments[0]) : std::nullopt;
      if (content) return Value::byte_array(bytes_of(*content));
    }
  }
  return array(id);
}

std::shared_ptr<const std::string> Leaves::kept_content(NodeId id) {
  if (const auto known = contents_.find(id); known != contents_.end()) return known->second;
  auto content = raw_content(id);
  auto kept = content ? std::make_shared<const std::string>(std::move(*content)) : nullptr;
  contents_.emplace(id, kept);
  return kept;
}

// Rows with names, types in types and times with units keep to the calls that make them.
std::optional<std::string> Leaves::dtype_code(NodeId id) const {
  const auto arguments = tuple_values(graph_, graph_.arguments(id), 3);
  const auto state = tuple_values(graph_, graph_.state(id), 9);
  if (arguments.empty() || state.size() != 8 || !graph_.text(arguments[0])) return std::nullopt;
  const auto order = graph_.text(state[1]);
  const bool is_plain = std::all_of(state.begin() + 2, state.begin() + 5,
                                    [&](NodeId part) { return graph_.is(part, NodeKind::none); });
  if (!is_plain || !order) return std::nullopt;
  std::string code(*order == "=" ? "<" : *order);
  code += *graph_.text(arguments[0]);
  const auto type = value::parse_dtype(code);
  const auto size = graph_.integer(state[5]);
  const bool has_size = type && size && *size >= 0;
  if (!type || (has_size && type->item_bytes != static_cast<std::uint64_t>(*size))) {
    return std::nullopt;
  }
  return code;
}

std::optional<Value> Leaves::array(NodeId id) {
  const Symbol* const symbol = graph_.symbol(graph_.callable(id));
  if (symbol == nullptr || graph_.item_count(id) != 0) return std::nullopt;
  const bool is_rebuilt = symbol->name == "_reconstruct";
  if (!is_rebuilt && symbol->name != "_frombuffer") return std::nullopt;
  auto info = read_array(graph_, id);
  if (!info) return std::nullopt;
  const auto arguments = tuple_values(graph_, graph_.arguments(id), 4);
  if (is_rebuilt) {
    const Symbol* const made = arguments.empty() ? nullptr : graph_.symbol(arguments[0]);
    if (made == nullptr || *made != Symbol{"numpy", "ndarray"}) return std::nullopt;
  } else if (arguments.size() != 4 || graph_.state(id) != no_node) {
    return std::nullopt;
  }
  const auto parts = is_rebuilt ? tuple_values(graph_, graph_.state(id), 5) : arguments;
  const auto code = dtype_code(parts[is_rebuilt ? 2 : 1]);
  const auto order = is_rebuilt ? std::nullopt : graph_.text(parts[3]);
  if (!code || (!is_rebuilt && order != "C" && order != "F")) return std::nullopt;
  const auto content = kept_content(parts[is_rebuilt ? 4 : 0]);
  if (!content || content->size() != info->bytes) return std::nullopt;
  const bool is_by_columns = is_rebuilt ? boolean(parts[3]) : order == "F";
  return Value::array(*code, std::move(info->shape), bytes_of(*content), content,
                      is_by_columns ? Order::columns : Order::rows);
}

NodeId Leaves::list_of_set(NodeId id, Kind kind) {
  const auto arguments = tuple_values(graph_, graph_.arguments(id), 1);
  const bool is_set = calls(graph_, id, "builtins", to_string(kind)) && arguments.size() == 1 &&
                      graph_.state(id) == no_node && graph_.item_count(id) == 0;
  if (!is_set || !graph_.is(arguments[0], NodeKind::list)) return no_node;
  return served_.insert(arguments[0]).second ? arguments[0] : no_node;
}

}  // namespace brine::tensor
