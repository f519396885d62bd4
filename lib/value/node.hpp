// What a handle leads to: counted nodes, and who frees them.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "brine/value.hpp"

namespace brine::value {

struct Node {
  explicit Node(Kind of) : kind(of) {}
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;

  std::atomic<std::uint64_t> references{1};
  const Kind kind;
  /// May hold itself: every ring of objects has such a node in it, see Reaper.
  bool is_suspect = false;

  // Of the Reaper, so that freeing takes no memory.
  bool is_listed = false;
  bool is_seen = false;
  bool is_alive = false;
  std::uint64_t inner_references = 0;
  Node* next_seen = nullptr;
  Node* next_waiting = nullptr;

 protected:
  ~Node() = default;
};

/// Text, bytes, byte arrays, and integers of more than 64 bits.
struct Raw final : Node {
  Raw(Kind of, std::string_view content) : Node(of), text(content) {}
  std::string text;
};

struct Array final : Node {
  Array() : Node(Kind::array) {}
  std::string dtype;
  Shape shape;
  Order order = Order::rows;
  ByteView data;
  std::shared_ptr<const void> keeper;
};

struct Name final : Node {
  explicit Name(Symbol of) : Node(Kind::symbol), symbol(std::move(of)) {}
  Symbol symbol;
};

struct Sequence final : Node {
  explicit Sequence(Kind of) : Node(of) {}
  std::vector<Value> items;
};

/// Pairs, and where texts and integers stand among them.
class Pairs {
 public:
  const std::vector<Value::Pair>& all() const noexcept { return pairs_; }
  std::vector<Value::Pair>& all() noexcept { return pairs_; }
  const Value* find(const Value& key) const;
  /// Replaces the value of a key that is a text or an integer and there already.
  void set(Value key, Value item);

 private:
  // Ordered, not hashed: keys come from outside and could be made to collide.
  using Key = std::variant<std::int64_t, std::string_view>;
  static std::optional<Key> key_of(const Value& value);
  std::optional<std::size_t> place_of(const Key& key) const;

  std::vector<Value::Pair> pairs_;
  std::unique_ptr<std::map<Key, std::size_t>> index_;  // none while there are few
};

struct Dict final : Node {
  Dict() : Node(Kind::dict) {}
  Pairs pairs;
};

struct Instance final : Node {
  explicit Instance(Form of) : Node(Kind::instance), form(of) {}
  Form form;
  Value callable;
  Value arguments;
  std::optional<Value> state;
  std::vector<Value> items;
  Pairs pairs;
};

/// What a handle keeps to itself.
struct Access {
  static Value adopt(Node* node) noexcept;
  static Node* node(const Value& value) noexcept {
    return value.is_counted_ ? value.content_.node : nullptr;
  }
  /// Takes the node out of the handle, which is none then.
  static Node* release(Value& value) noexcept;
  /// Adds what a decoder found, which may be the one it is added to. For nobody else: a ring that
  /// is closed here needs suspect().
  static void fill(const Value& to, std::vector<Value> items);
  static void fill(const Value& to, Value key, Value item);
  static void suspect(const Value& value) noexcept;
};

/// Frees nodes without recursion, rings of them too: trial deletion after Bacon and Rajan
/// ("Concurrent Cycle Collection in Reference Counted Systems", 2001), done at once.
///
/// A ring is closed by an object that takes another one while somebody besides the caller holds it
/// already: such a node is a suspect. When a handle to a suspect goes and others remain, what it
/// leads to is walked: if all of these come from inside, all of it goes.
class Reaper {
 public:
  /// Gives up one reference.
  void drop(Node* node) noexcept;
  /// Frees whatever nobody holds any more.
  void run() noexcept;

 private:
  void free_dead() noexcept;
  void drop_contents(Node* node) noexcept;
  void try_suspects() noexcept;
  void see(Node* node) noexcept;
  void keep(Node* node) noexcept;
  void keep_what_is_held_from_outside() noexcept;
  void settle() noexcept;

  Node* dead_ = nullptr;
  Node* suspects_ = nullptr;
  Node* first_seen_ = nullptr;
  Node* last_seen_ = nullptr;
  Node* kept_ = nullptr;
};

/// Drops many at once, for the price of one walk.
void drop_all(std::vector<Value>& values) noexcept;

/// Whether Python could call it, for all that is known here.
constexpr bool is_callable(Kind kind) { return kind == Kind::symbol || kind == Kind::instance; }

}  // namespace brine::value
