#include "pickle/graph_json.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/arithmetic.hpp"
#include "base/text.hpp"
#include "brine/error.hpp"
#include "pickle/json_text.hpp"
#include "pickle/node_reader.hpp"

namespace brine::pickle {
namespace {

constexpr std::size_t buffer_bytes = 64U << 10;
// Larger ones are not the same in readers that know doubles only.
constexpr std::int64_t largest_number = (std::int64_t{1} << 53) - 1;
// A longer text that stands in several places is one object, so that a short pickle cannot ask for
// a long document.
constexpr std::size_t longest_copied = 256;

bool holds_others(NodeKind kind) { return kind >= NodeKind::list && kind != NodeKind::symbol; }

class JsonWriter {
 public:
  JsonWriter(const Graph& graph, const RandomSource& payload, std::uint64_t max_bytes, Sink& out)
      : graph_(graph), contents_(payload), max_bytes_(max_bytes), out_(out) {
    marks_.resize(graph.size());
  }

  std::uint64_t run() {
    is_scouting_ = true;
    write_document();
    const bool has_deep = has_deep_;
    for (Mark& mark : marks_) mark.is_met = false;
    is_scouting_ = false;
    if (has_deep) put("{\"$root\":");
    write_document();
    put(has_deep ? "}}\n" : "\n");
    flush();
    return written_;
  }

 private:
  struct Mark {
    bool is_met : 1 = false;
    bool is_shared : 1 = false;
    bool is_aside : 1 = false;
  };
  enum class Form : std::uint8_t { values, pairs, members, fields };
  struct Field {
    std::string_view name;
    NodeId node = no_node;
    bool is_plain_tuple = false;
  };
  // What is open, and how far it is.
  struct Frame {
    Form form = Form::values;
    std::vector<Item> items;
    std::vector<Field> fields;
    std::string_view close;
    std::size_t at = 0;
    bool is_value_next = false;  // of a pair
  };

  void write_document() {
    write_value(graph_.root());
    finish_frames();
    // What lies too deep stands aside, and what lies too deep in that behind it.
    for (std::size_t at = 0; at < aside_.size(); ++at) {
      put(at == 0 ? ",\"$deep\":{" : ",");
      put(fmt::format("\"{}\":", aside_[at]));
      open(aside_[at]);
      finish_frames();
    }
    has_deep_ = !aside_.empty();
    aside_.clear();
  }

  void finish_frames() {
    while (!frames_.empty()) advance();
  }

  void write_value(NodeId id) {
    if (id >= graph_.size()) return put("null");
    const Node& node = graph_.node(id);
    if (!holds_others(node.kind) && !is_long_text(id)) return write_leaf(id, node);
    Mark& mark = marks_[id];
    if (mark.is_met) {
      mark.is_shared = true;
      return put_reference(id);
    }
    mark.is_met = true;
    if (frames_.size() >= deepest_json) {
      mark.is_aside = true;
      aside_.push_back(id);
      return put_reference(id);
    }
    open(id);
  }

  bool is_long_text(NodeId id) const {
    const auto text = graph_.text(id);
    return text && text->size() > longest_copied;
  }

  void put_reference(NodeId id) { put(fmt::format("{{\"$ref\":{}}}", id)); }

  // The front of a marked object, its type with it. What stands aside has its number before it.
  void put_front(NodeId id, std::string_view type) {
    put("{");
    if (!type.empty()) put(fmt::format("\"$type\":\"{}\"", type));
    if (!has_id(id)) return;
    if (!type.empty()) put(",");
    put(fmt::format("\"$id\":{}", id));
  }
  bool has_id(NodeId id) const { return marks_[id].is_shared && !marks_[id].is_aside; }

  void open(NodeId id) {
    switch (graph_.node(id).kind) {
      case NodeKind::list:
        return open_items(id, "list");
      case NodeKind::tuple:
        return open_items(id, "tuple");
      case NodeKind::set:
        return open_items(id, graph_.node(id).op == Op::frozenset ? "frozenset" : "set");
      case NodeKind::dict:
        return open_dict(id);
      case NodeKind::text:
        if (!has_id(id)) return put_text(*graph_.text(id));
        put_front(id, "str");
        put(",\"value\":");
        put_text(*graph_.text(id));
        return put("}");
      default:
        return open_call(id);
    }
  }

  void open_items(NodeId id, std::string_view type) {
    const bool is_plain = type == "list" && !has_id(id);
    if (!is_plain) {
      put_front(id, type);
      put(",\"items\":");
    }
    push({.form = Form::values, .items = graph_.items(id), .close = is_plain ? "]" : "]}"}, "[");
  }

  void push(Frame frame, std::string_view opening) {
    put(opening);
    frames_.push_back(std::move(frame));
  }

  void open_dict(NodeId id) {
    std::vector<Item> items = graph_.items(id);
    if (!has_plain_keys(items)) {
      put_front(id, "dict");
      return push({.form = Form::pairs, .items = std::move(items), .close = "]}"}, ",\"items\":[");
    }
    put_front(id, "");
    push({.form = Form::members,
          .items = std::move(items),
          .close = "}",
          .at = 0,
          .is_value_next = has_id(id)},
         "");
  }

  // Texts, none of them twice, and none that looks like a mark of this form.
  bool has_plain_keys(const std::vector<Item>& items) const {
    std::vector<std::string_view> keys;
    keys.reserve(items.size());
    for (const Item& item : items) {
      const auto key = graph_.text(item.key);
      if (!key || key->starts_with('$') || key->size() > longest_copied) return false;
      keys.push_back(*key);
    }
    std::sort(keys.begin(), keys.end());
    return std::adjacent_find(keys.begin(), keys.end()) == keys.end();
  }

  void open_call(NodeId id) {
    const Node& node = graph_.node(id);
    if (node.kind == NodeKind::other) {
      put_front(id, "extension");
      put(fmt::format(",\"code\":{}",
                      base::little_endian(contents_.bytes(node).data(), node.bytes)));
    }
    Frame frame{.form = Form::fields, .items = graph_.items(id), .close = "}"};
    if (node.kind == NodeKind::call) {
      put_front(id, "call");
      add_call(id, frame);
    } else if (node.kind == NodeKind::persistent) {
      put_front(id, "persistent");
      if (graph_.arguments(id) != no_node) frame.fields.push_back({"id", graph_.arguments(id)});
      if (graph_.arguments(id) == no_node) {
        put(",\"id\":");
        put_text(text_of(contents_.bytes(node)));
      }
    }
    if (graph_.state(id) != no_node) frame.fields.push_back({"state", graph_.state(id)});
    push(std::move(frame), "");
  }

  void add_call(NodeId id, Frame& frame) {
    const bool has_keywords = graph_.node(id).op == Op::newobj_ex;
    frame.fields.push_back({"callable", graph_.callable(id)});
    const NodeId arguments = graph_.arguments(id);
    const std::vector<Item> both = has_keywords ? graph_.items(arguments) : std::vector<Item>{};
    if (both.size() == 2) {
      frame.fields.push_back({"arguments", both[0].value, true});
      frame.fields.push_back({"keywords", both[1].value});
    } else {
      frame.fields.push_back({"arguments", arguments, true});
    }
  }

  void advance() {
    Frame& frame = frames_.back();
    if (frame.form == Form::fields) return advance_fields();
    if (frame.at == frame.items.size()) {
      put(frame.close);
      frames_.pop_back();
      return;
    }
    const Item item = frame.items[frame.at];
    if (frame.form == Form::values || item.key == no_node) {
      if (frame.at++ > 0) put(",");
      return write_value(item.value);
    }
    if (frame.form == Form::members) {
      if (frame.at++ > 0 || frame.is_value_next) put(",");
      put_text(*graph_.text(item.key));
      put(":");
      return write_value(item.value);
    }
    advance_pair(frame, item);
  }

  void advance_pair(Frame& frame, const Item& item) {
    frame.is_value_next = !frame.is_value_next;
    if (frame.is_value_next) {
      put(frame.at > 0 ? ",[" : "[");
      return write_value(item.key);
    }
    ++frame.at;
    put(",");
    // The pair ends behind its value, which may be open for long.
    frames_.push_back({.form = Form::values, .items = {{no_node, item.value}}, .close = "]"});
  }

  void advance_fields() {
    Frame& frame = frames_.back();
    if (frame.at < frame.fields.size()) {
      const Field field = frame.fields[frame.at++];
      put(fmt::format(",\"{}\":", field.name));
      return field.is_plain_tuple ? write_arguments(field.node) : write_value(field.node);
    }
    const std::vector<Item> items = std::move(frame.items);
    frame.items.clear();
    if (items.empty()) {
      put("}");
      frames_.pop_back();
      return;
    }
    const bool has_pairs = std::any_of(items.begin(), items.end(),
                                       [](const Item& item) { return item.key != no_node; });
    put(has_pairs ? ",\"pairs\":[" : ",\"items\":[");
    frames_.push_back(
        {.form = has_pairs ? Form::pairs : Form::values, .items = items, .close = "]"});
  }

  // A tuple that nobody else has needs no mark: arguments are always one.
  void write_arguments(NodeId id) {
    if (!graph_.is(id, NodeKind::tuple) || frames_.size() >= deepest_json || marks_[id].is_met ||
        marks_[id].is_shared) {
      return write_value(id);
    }
    marks_[id].is_met = true;
    push({.form = Form::values, .items = graph_.items(id), .close = "]"}, "[");
  }

  // What readers take for different numbers, or a number and none.
  bool write_disputed(const Node& node) {
    const auto line = contents_.disputed_line(node);
    if (!line) return false;
    put(fmt::format("{{\"$type\":\"{}\",\"line\":", node.op == Op::float_ ? "float" : "int"));
    put_text(base::printable(*line));
    put("}");
    return true;
  }

  void write_leaf(NodeId id, const Node& node) {
    if (is_scouting_ || write_disputed(node)) return;
    switch (node.kind) {
      case NodeKind::none:
        return put("null");
      case NodeKind::boolean:
        return put(contents_.boolean(node) ? "true" : "false");
      case NodeKind::integer:
        return write_integer(id, node);
      case NodeKind::real:
        return write_real(contents_.real(node));
      case NodeKind::text:
        return write_text(id, node);
      case NodeKind::symbol:
        put("{\"$type\":\"symbol\",\"name\":");
        put_text(fmt::format("{}:{}", graph_.symbol(id)->module, graph_.symbol(id)->name));
        return put("}");
      default:
        return write_bytes(node);
    }
  }

  void write_integer(NodeId id, const Node& node) {
    const auto number = graph_.integer(id);
    if (number && *number <= largest_number && *number >= -largest_number) {
      return put(fmt::format("{}", *number));
    }
    if (!number && node.bytes > NodeReader::most_decimal_bytes) return put_place("int", node);
    put(fmt::format("{{\"$type\":\"int\",\"value\":\"{}\"}}",
                    number ? fmt::format("{}", *number) : contents_.decimal(node)));
  }

  void write_real(double value) {
    if (!std::isfinite(value)) {
      return put(fmt::format("{{\"$type\":\"float\",\"value\":\"{}\"}}", std::isnan(value) ? "nan"
                                                                         : value > 0       ? "inf"
                                                                                     : "-inf"));
    }
    std::string text = fmt::format("{}", value);
    if (text.find_first_of(".e") == text.npos) text += ".0";
    put(text);
  }

  void write_text(NodeId id, const Node& node) {
    if (const auto text = graph_.text(id)) return put_text(*text);
    // A str of Python 2 that is no ASCII: only its loader knows what the bytes mean.
    put_place("str", node);
  }

  void write_bytes(const Node& node) {
    if (node.op == Op::next_buffer) return put("{\"$type\":\"buffer\"}");
    const std::string_view type = node.op == Op::bytearray8 ? "bytearray" : "bytes";
    if (node.bytes > shown_bytes) return put_place(type, node);
    put(fmt::format("{{\"$type\":\"{}\",\"hex\":\"{}\"}}", type,
                    base::to_hex(contents_.bytes(node))));
  }

  void put_place(std::string_view type, const Node& node) {
    put(fmt::format("{{\"$type\":\"{}\",\"offset\":{},\"bytes\":{}}}", type, node.offset,
                    node.bytes));
  }

  void put_text(std::string_view text) {
    if (is_scouting_) return;
    append_json(held_, text);
    settle();
  }

  void put(std::string_view text) {
    if (is_scouting_) return;
    held_ += text;
    settle();
  }

  void settle() {
    if (held_.size() >= buffer_bytes) flush();
  }

  void flush() {
    written_ += held_.size();
    base::require_within(written_, max_bytes_, "max_json_bytes");
    out_.write(bytes_of(held_));
    held_.clear();
  }

  const Graph& graph_;
  NodeReader contents_;
  std::uint64_t max_bytes_;
  Sink& out_;
  bool is_scouting_ = false;  // the first time all is walked, to learn what is shared
  bool has_deep_ = false;
  std::vector<Mark> marks_;
  std::vector<Frame> frames_;
  std::vector<NodeId> aside_;
  std::string held_;
  std::uint64_t written_ = 0;
};

}  // namespace

std::uint64_t write_json(const Graph& graph, const RandomSource& payload, std::uint64_t max_bytes,
                         Sink& out) {
  return JsonWriter(graph, payload, max_bytes, out).run();
}

}  // namespace brine::pickle
