// The stack machine of pickles, over values of any kind.
//
// What the opcodes take, leave and refuse is the same whatever the values are: objects in CPython,
// notes of names in the Machine, nodes in the Graph. So it is written once, and who derives from it
// (`Self`) says what a value is and what becomes of it:
//
//   Value on_literal(token)                      a number, None, True, False
//   Value on_text(token)                         a checked text
//   Value on_bytes(token)                        bytes, a bytearray, an out-of-band buffer
//   Value on_container(token, shape, form, span) a new container with these items
//   void on_items(token, target, form, span)     items, perhaps none, that go into `target`
//   Value on_call(token, callable, arguments)    REDUCE, NEWOBJ, NEWOBJ_EX, OBJ, INST
//   void on_state(token, object, state)          BUILD
//   Value on_persistent(token, span)             the id, or none where the opcode spells it
//   Value on_extension(token)
//   Value on_symbol(token, module, name)         GLOBAL, and the class of INST
//   Value on_stack_symbol(token, module, name)   STACK_GLOBAL; both have the shape `text`
//   Value on_get(token, value)                   what is pushed; of a hole where nothing was put
//   Value on_dup(token, value)
//   void on_put(token, index, value)             MEMOIZE too
//   void on_protocol(number), on_frame(token)
//   void on_dispute(token)                       a number that not every reader takes so
//   void on_result(value)                        STOP
//   Shape shape_of(value)
//
// A hook that cannot go on calls fail(). What is accepted is what the C unpickler accepts, up to
// what only imported code can decide.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "brine/limits.hpp"
#include "pickle/memo.hpp"
#include "pickle/token.hpp"

namespace brine::pickle {

/// What is known of the type of a value.
enum class Shape : std::uint8_t {
  unknown,  ///< whatever imported code made of it
  none,
  scalar,  ///< a bool or a number
  text,
  bytes,
  bytearray,
  list,
  tuple,
  set,
  frozenset,
  dict,
  symbol,
};

/// How items stand on the stack.
enum class Items : std::uint8_t { singles, pairs };

// What imported code made, or what a name stands for, may be anything.
constexpr bool is_open(Shape shape) { return shape == Shape::unknown || shape == Shape::symbol; }
constexpr bool is_builtin_key(Shape shape) {
  return shape != Shape::list && shape != Shape::dict && shape != Shape::set &&
         shape != Shape::bytearray;
}
constexpr bool takes_items(Shape target, Op op) {
  const bool is_pair = op == Op::setitem || op == Op::setitems;
  if (is_open(target)) return true;
  if (op == Op::additems) return target == Shape::set;
  return target == Shape::list || target == Shape::bytearray || (is_pair && target == Shape::dict);
}
// Built-in values have no __dict__; a state of None, alone or in a tuple, asks for none.
constexpr bool takes_state(Shape object, Shape state) {
  return is_open(object) || is_open(state) || state == Shape::none || state == Shape::tuple;
}
constexpr bool has_bytes(Shape shape) {
  return is_open(shape) || shape == Shape::bytes || shape == Shape::bytearray;
}

/// Returns what is wrong with the names of a symbol; empty: nothing.
std::string name_problem(const Limits& limits, std::string_view module, std::string_view name);

/// Reads the index of GET or PUT in any of their forms; no number: not one that readers take.
std::optional<std::uint64_t> memo_index(const Token& token);

inline constexpr int highest_known_protocol = 5;

template <typename Self, typename Value, Value hole>
class Interpreter : public TokenSink {
 public:
  bool on_token(const Token& token) final { return run(token); }

  /// In force: of the last PROTO; 0 where there was none.
  int protocol() const noexcept { return protocol_; }

 protected:
  explicit Interpreter(const Limits& limits) : limits_(limits), memo_(limits.max_memo_entries) {}

  void clear() {
    stack_.clear();
    marks_.clear();
    memo_ = Memo<Value, hole>(limits_.max_memo_entries);
    protocol_ = 0;
    reason_.clear();
  }

  std::uint64_t memo_size() const noexcept { return memo_.size(); }
  std::optional<Value> remembered(std::uint64_t index) const { return memo_.get(index); }
  /// Offset of the MARK that the opcode at hand has taken.
  std::uint64_t taken_mark() const noexcept { return taken_mark_; }

  Limits limits_;

 private:
  using Values = std::span<const Value>;
  struct Mark {
    std::size_t height = 0;  // of the stack
    std::uint64_t offset = 0;
  };

  Self& self() { return static_cast<Self&>(*this); }
  bool holds() const { return reason_.empty(); }

  // Each returns false, with a reason, to end the reading.
  bool run(const Token& token);
  bool run_on_stack(const Token& token);
  bool gather(const Token& token, Shape shape);
  bool gather(const Token& token, Shape shape, std::size_t count, Items form);
  bool append_items(const Token& token);
  bool call(const Token& token);
  bool call_on_mark(const Token& token);
  bool instantiate(const Token& token);
  bool set_state(const Token& token);
  bool use_memo(const Token& token);
  bool import_from_stack(const Token& token);
  bool has_readable_argument(const Token& token);
  bool are_keys(const Token& token, Shape container, std::size_t count);
  bool are_for_call(const Token& token);

  bool has(std::size_t count) const { return stack_.size() >= fence() + count; }
  bool wants(const Token& token, std::size_t count) {
    return has(count) || fail(underflow(token, count));
  }
  // Where a mark ends what opcodes reach.
  std::size_t fence() const { return marks_.empty() ? 0 : marks_.back().height; }
  std::size_t above_mark() const { return stack_.size() - marks_.back().height; }
  bool wants_mark(const Token& token, Items form) {
    return wants(!marks_.empty(), token, "finds no mark") &&
           wants(form == Items::singles || above_mark() % 2 == 0, token,
                 "wants pairs and there is an odd value");
  }
  bool wants(bool holds, const Token& token, const char* what) {
    return holds || fail(std::string(token.code->name) + " " + what);
  }

  Value top(std::size_t below = 0) const { return stack_[stack_.size() - 1 - below]; }
  Values topmost(std::size_t count) const { return Values(stack_).last(count); }
  void drop(std::size_t count) { stack_.resize(stack_.size() - count, hole); }
  std::size_t drop_mark() {
    const std::size_t count = above_mark();
    taken_mark_ = marks_.back().offset;
    marks_.pop_back();
    return count;
  }
  bool has_room() {
    return stack_.size() + marks_.size() < limits_.max_stack_depth || fail(too_deep());
  }
  std::string too_deep() const;
  static std::string underflow(const Token& token, std::size_t wanted);
  bool push(Value value) {
    if (!holds() || !has_room()) return false;
    stack_.push_back(value);
    return true;
  }
  bool replace(std::size_t count, Value value) {
    drop(count);
    return push(value);
  }

  std::vector<Value> stack_;
  std::vector<Mark> marks_;
  std::uint64_t taken_mark_ = 0;
  Memo<Value, hole> memo_;
  int protocol_ = 0;
};

}  // namespace brine::pickle

#include "pickle/interpreter_steps.hpp"  // IWYU pragma: export
