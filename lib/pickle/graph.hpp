// The object graph of one pickle: what it would build, without building any of it.
//
// Nodes are numbered, and what the memo hands out again is the same node, so that shared and
// recursive objects stay what they are. Buffers and long texts are known by their place only.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "brine/pickle.hpp"
#include "pickle/interpreter.hpp"
#include "pickle/texts.hpp"

namespace brine::pickle {

using NodeId = std::uint32_t;
inline constexpr NodeId no_node = ~NodeId{0};

/// Texts up to this size are held.
inline constexpr std::size_t held_text_bytes = 4096;
/// Bytes up to this size are held: units of times are among them.
inline constexpr std::size_t short_bytes = 8;

enum class NodeKind : std::uint8_t {
  none,
  boolean,
  integer,
  real,
  text,
  bytes,
  list,
  tuple,
  set,
  dict,
  symbol,
  call,        ///< an object that a callable makes: GLOBAL and REDUCE, NEWOBJ, INST...
  persistent,  ///< an object that the loading process looks up; `arguments` is its id
  other,       ///< an extension, known to the loading process only
};

struct Node {
  NodeKind kind = NodeKind::other;
  Op op{};                   ///< that pushed it
  std::uint32_t number = 0;  ///< in the table of its kind
  std::uint64_t offset = 0;  ///< in the payload, of the opcode's argument
  std::uint64_t bytes = 0;   ///< of that argument
};

/// What a container holds: `key` only where it was set as a pair.
struct Item {
  NodeId key = no_node;
  NodeId value = no_node;
};

/// Takes the tokens of one pickle. Every question may be asked of every node, and of no_node: where
/// it makes no sense there is no answer.
class Graph final : public Interpreter<Graph, NodeId, no_node> {
 public:
  explicit Graph(const Limits& limits = {});

  /// The tokens that follow are those of a pickle of its own, which may share nothing with the one
  /// at hand, up to end_inner(). Requires: none is open.
  void begin_inner();
  /// Goes on with the outer pickle, in which `place` is from now on what the inner one handed over.
  /// Requires: place < size().
  void end_inner(NodeId place);

  /// The object that the pickle hands over; no_node before its STOP.
  NodeId root() const noexcept { return root_; }
  /// The object that the last BUILD set the state of; no_node before the first.
  NodeId built() const noexcept { return built_; }
  std::size_t size() const noexcept { return nodes_.size(); }
  /// Requires: id < size().
  const Node& node(NodeId id) const { return nodes_[id]; }

  bool is(NodeId id, NodeKind kind) const { return id < size() && nodes_[id].kind == kind; }
  /// Texts that are not held, or whose spelling has escapes, have no answer here.
  std::optional<std::string_view> text(NodeId id) const;
  /// Nor have integers of more than 64 bits.
  std::optional<std::int64_t> integer(NodeId id) const;
  /// Of bytes, and texts of Python 2, of at most short_bytes.
  std::optional<std::string_view> bytes(NodeId id) const;
  const Symbol* symbol(NodeId id) const;

  /// Whether a symbol that was pushed passes `test`.
  template <typename Test>
  bool has_symbol(Test test) const {
    return std::any_of(symbols_.begin(), symbols_.end(), test);
  }

  NodeId callable(NodeId id) const { return object(id).callable; }
  /// Of NEWOBJ_EX, a tuple of arguments and keywords.
  NodeId arguments(NodeId id) const { return object(id).arguments; }
  /// What the last BUILD brought.
  NodeId state(NodeId id) const { return object(id).state; }
  std::uint32_t item_count(NodeId id) const { return object(id).item_count; }
  /// The first of them, at most so many.
  std::vector<Item> items(NodeId id, std::uint32_t most = ~std::uint32_t{0}) const;

 private:
  struct Object {
    NodeId callable = no_node;
    NodeId arguments = no_node;
    NodeId state = no_node;
    std::uint32_t first_item = 0;  // in links_; means nothing without items
    std::uint32_t last_item = 0;
    std::uint32_t item_count = 0;
  };
  // Items come in batches, and those of several objects in turns: so they are linked.
  struct Link {
    Item item;
    std::uint32_t next = 0;
  };
  // In place of a number in a table: there is no such value there.
  static constexpr std::uint32_t no_row = ~std::uint32_t{0};

  friend class Interpreter<Graph, NodeId, no_node>;
  using Values = std::span<const NodeId>;
  Shape shape_of(NodeId id) const;

  // As the interpreter calls them.
  NodeId on_literal(const Token& token);
  NodeId on_text(const Token& token);
  NodeId on_bytes(const Token& token);
  NodeId on_container(const Token& token, Shape shape, Items form, Values items);
  void on_items(const Token& token, NodeId target, Items form, Values items);
  NodeId on_call(const Token& token, NodeId callable, NodeId arguments);
  NodeId on_state(const Token& token, NodeId object, NodeId state);
  NodeId on_persistent(const Token& token, Values id);
  NodeId on_extension(const Token& token);
  NodeId on_symbol(const Token& token, std::string_view module, std::string_view name);
  NodeId on_stack_symbol(const Token& token, NodeId module, NodeId name);
  void on_protocol(int) {}
  void on_frame(const Token&) {}
  static NodeId on_get(const Token&, NodeId id) { return id; }
  static NodeId on_dup(const Token&, NodeId id) { return id; }
  void on_put(const Token&, std::uint64_t, NodeId) {}
  void on_dispute(const Token&) {}
  void on_result(NodeId id) { root_ = id; }

  const Object& object(NodeId id) const;
  NodeId add(const Token& token, NodeKind kind, std::uint32_t number = 0);
  NodeId add_number(const Token& token);
  NodeId add_object(const Token& token, NodeKind kind, const Object& object);

  std::optional<Progress> outer_;  // while an inner pickle is read
  NodeId root_ = no_node;
  NodeId built_ = no_node;

  std::vector<Node> nodes_;
  std::vector<Object> objects_;
  std::vector<Link> links_;
  std::vector<std::int64_t> integers_;
  TextTable texts_;
  std::string scratch_;
  std::vector<Symbol> symbols_;
  std::map<Symbol, std::uint32_t> symbol_numbers_;
};

}  // namespace brine::pickle
