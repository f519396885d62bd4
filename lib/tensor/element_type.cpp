#include "tensor/element_type.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>

#include "tensor/nodes.hpp"

namespace brine::tensor {
namespace {

using pickle::Graph;
using pickle::Item;
using pickle::NodeId;
using pickle::NodeKind;

// Rows of more fields than this, and longer ones, are named by their code: the text of nested types
// could be made to double with every level.
constexpr std::uint32_t most_fields = 16;
constexpr std::size_t longest_row = 1024;
constexpr int most_reads = 64;  // of fields, on all levels
// State of a dtype: version, byte order, subtype, names, fields, item size, alignment, flags, unit.
constexpr std::uint32_t most_state_values = 9;
constexpr std::size_t order_place = 1;
constexpr std::size_t subtype_place = 2;
constexpr std::size_t names_place = 3;
constexpr std::size_t fields_place = 4;
constexpr std::size_t size_place = 5;
constexpr std::size_t unit_place = 8;
constexpr std::uint64_t largest_row = 1U << 31;  // numpy's own bound

// A letter of numpy's array protocol, and how many bytes of it there are: each a power of two.
struct Letter {
  char letter;
  std::string_view name;
  unsigned widths;
};

constexpr Letter letters[] = {
    {'b', "bool", 1},
    {'i', "int", 1 | 2 | 4 | 8},
    {'u', "uint", 1 | 2 | 4 | 8},
    {'f', "float", 2 | 4 | 8 | 16},
    {'c', "complex", 8 | 16 | 32},
    {'M', "datetime64", 8},
    {'m', "timedelta64", 8},
};

std::optional<ElementType> scalar_type(const Letter& row, std::uint32_t width) {
  if ((row.widths & width) != width || (width & (width - 1)) != 0) return std::nullopt;
  const bool is_sized = row.name.find_first_of("46") == row.name.npos && row.letter != 'b';
  return ElementType{is_sized ? fmt::format("{}{}", row.name, 8 * width) : std::string(row.name),
                     width};
}

// Reads a code such as `f8`, `U12` or `V24`.
std::optional<ElementType> type_of_code(std::string_view code) {
  if (code.size() < 2) return std::nullopt;
  std::uint32_t width = 0;
  const char* const end = code.data() + code.size();
  const auto [stopped, error] = std::from_chars(code.data() + 1, end, width);
  if (stopped != end || error != std::errc{}) return std::nullopt;
  switch (code[0]) {
    case 'S':
    case 'V':
      return ElementType{std::string(code), width};
    case 'U':
      return ElementType{std::string(code), std::uint64_t{4} * width};
    default:
      break;
  }
  const auto* const row = std::find_if(std::begin(letters), std::end(letters),
                                       [&](const Letter& each) { return each.letter == code[0]; });
  return row == std::end(letters) || width == 0 ? std::nullopt : scalar_type(*row, width);
}

// A dtype as far as its code and byte order tell.
struct PlainType {
  ElementType type;
  std::vector<NodeId> state;
  bool has_fields = false;
};

// Rows of a recarray are made of their class, and only the state says how long they are.
std::optional<ElementType> type_of_record(const Graph& graph, NodeId cls,
                                          const std::vector<NodeId>& state) {
  const Symbol* const symbol = graph.symbol(cls);
  const bool is_record = symbol != nullptr && symbol->name == "record" &&
                         (symbol->module == "numpy" || symbol->module == "numpy.rec");
  const auto size =
      is_record && state.size() > size_place ? graph.integer(state[size_place]) : std::nullopt;
  if (!size || *size < 0 || static_cast<std::uint64_t>(*size) > largest_row) return std::nullopt;
  return ElementType{fmt::format("V{}", *size), static_cast<std::uint64_t>(*size)};
}

// ` (metadata, (unit, count, numerator, events))` of a time; empty: it has none.
std::string unit_of(const Graph& graph, const std::vector<NodeId>& state) {
  if (state.size() <= unit_place) return {};
  const std::vector<NodeId> both = tuple_values(graph, state[unit_place], 2);
  const std::vector<NodeId> unit =
      both.size() == 2 ? tuple_values(graph, both[1], 4) : std::vector<NodeId>{};
  if (unit.size() != 4) return {};
  // Python 3 writes bytes into protocol 2 as `_codecs.encode(text, 'latin1')`.
  const std::vector<NodeId> encoded = tuple_values(graph, graph.arguments(unit[0]), 2);
  const auto name = graph.bytes(encoded.empty() ? unit[0] : encoded[0]);
  const auto count = graph.integer(unit[1]);
  if (!name || name->size() > 7 || *name == "generic") return {};
  return count && *count != 1 ? fmt::format("[{}{}]", *count, *name) : fmt::format("[{}]", *name);
}

bool is_time(std::string_view name) {
  return name.starts_with("datetime64") || name.starts_with("timedelta64");
}

std::optional<PlainType> read_plain_type(const Graph& graph, NodeId id) {
  const Symbol* const callable = graph.symbol(graph.callable(id));
  if (callable == nullptr || *callable != Symbol{"numpy", "dtype"}) return std::nullopt;
  const std::vector<NodeId> arguments = tuple_values(graph, graph.arguments(id), 3);
  if (arguments.empty()) return std::nullopt;
  PlainType plain{{}, tuple_values(graph, graph.state(id), most_state_values)};
  const auto code = graph.text(arguments[0]);
  const auto type = code ? type_of_code(*code) : type_of_record(graph, arguments[0], plain.state);
  if (!type) return std::nullopt;
  plain.type = *type;
  if (is_time(type->name)) plain.type.name += unit_of(graph, plain.state);
  if (graph.state(id) == pickle::no_node) return plain;
  if (plain.state.size() <= fields_place) return std::nullopt;
  const auto order = graph.text(plain.state[order_place]);
  if (order == ">" && type->bytes > 1) plain.type.name += ", big-endian";
  plain.has_fields = graph.is(plain.state[names_place], NodeKind::tuple);
  return plain;
}

bool is_object_type(const Graph& graph, NodeId id) {
  const std::vector<NodeId> arguments = tuple_values(graph, graph.arguments(id), 3);
  const auto code = arguments.empty() ? std::nullopt : graph.text(arguments[0]);
  return calls(graph, id, "dtype", {"numpy"}) && code && (code == "O8" || code == "O4");
}

std::optional<std::string> spelled_fields(const Graph& graph, const PlainType& row, int& reads);

// Spells a type, of a field as well: `float64[2x2]`. `reads`: of types that are left, which bounds
// how deep this goes, too.
std::optional<std::string> spelled_type(const Graph& graph, NodeId id, int& reads) {
  if (is_object_type(graph, id)) return "object";
  const auto plain = --reads < 0 ? std::nullopt : read_plain_type(graph, id);
  if (!plain) return std::nullopt;
  if (plain->state.size() > subtype_place) {
    const std::vector<NodeId> parts = tuple_values(graph, plain->state[subtype_place], 2);
    const auto shape = parts.size() == 2 ? read_shape(graph, parts[1]) : std::nullopt;
    const auto base = shape ? spelled_type(graph, parts[0], reads) : std::nullopt;
    if (base) return fmt::format("{}[{}]", *base, fmt::join(*shape, "x"));
  }
  const auto fields = plain->has_fields ? spelled_fields(graph, *plain, reads) : std::nullopt;
  return fields.value_or(plain->type.name);
}

// Returns the fields in the order of their names; nothing where that is not simple.
std::optional<std::string> spelled_fields(const Graph& graph, const PlainType& row, int& reads) {
  const std::vector<NodeId> names = tuple_values(graph, row.state[names_place], most_fields);
  const NodeId fields = row.state[fields_place];
  if (names.empty() || graph.item_count(fields) > most_fields) return std::nullopt;
  RowSpeller speller;
  for (const NodeId name : names) {
    const auto wanted = graph.text(name);
    if (!wanted) return std::nullopt;
    const std::vector<Item> items = graph.items(fields);
    const auto field = std::find_if(items.begin(), items.end(), [&](const Item& item) {
      return graph.text(item.key) == wanted;
    });
    if (field == items.end()) return std::nullopt;
    const std::vector<NodeId> parts = tuple_values(graph, field->value, 3);
    const auto type = parts.empty() ? std::nullopt : spelled_type(graph, parts[0], reads);
    if (!type) return std::nullopt;
    speller.add(*wanted, *type);
  }
  return speller.spelled();
}

}  // namespace

void RowSpeller::add(std::string_view field, std::string_view type) {
  if (text_.size() > longest_row || ++fields_ > most_fields) return;
  text_ += fmt::format("{}{}: {}", text_.empty() ? "" : ", ", field, type);
}

std::optional<std::string> RowSpeller::spelled() const {
  if (fields_ == 0 || fields_ > most_fields || text_.size() > longest_row) return std::nullopt;
  return fmt::format("{{{}}}", text_);
}

std::optional<ElementType> read_type_code(std::string_view code) {
  const char order = code.empty() ? ' ' : code[0];
  const bool has_order = std::string_view("<>|=").find(order) != std::string_view::npos;
  // Of times, with their unit: `M8[ns]`.
  const std::size_t bracket = std::min(code.find('['), code.size());
  const std::string_view unit = code.substr(bracket);
  const std::size_t begin = has_order ? 1 : 0;
  auto type = type_of_code(code.substr(begin, bracket - begin));
  if (!unit.empty() && type && !is_time(type->name)) return std::nullopt;
  if (type) type->name += unit == "[generic]" ? "" : unit;
  if (type && order == '>' && type->bytes > 1) type->name += ", big-endian";
  return type;
}

bool is_string_type(const Graph& graph, NodeId id) {
  return calls(graph, id, "_convert_to_stringdtype_kwargs", {"numpy._core._internal"});
}

std::optional<ElementType> read_element_type(const Graph& graph, NodeId id) {
  auto plain = read_plain_type(graph, id);
  if (!plain) return std::nullopt;
  if (plain->has_fields) {
    int reads = most_reads;
    if (auto fields = spelled_fields(graph, *plain, reads)) plain->type.name = std::move(*fields);
  }
  return plain->type;
}

}  // namespace brine::tensor
