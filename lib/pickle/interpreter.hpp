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
//   Value on_state(token, object, state)         BUILD; the object
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

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/arithmetic.hpp"
#include "brine/limits.hpp"
#include "pickle/memo.hpp"
#include "pickle/stack.hpp"
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
  bool on_token(const Token& token) final {
    static constexpr std::array<Step, 256> steps = make_steps();
    return steps[static_cast<std::uint8_t>(token.code->op)](*this, token);
  }

  /// In force: of the last PROTO; 0 where there was none.
  int protocol() const noexcept { return protocol_; }
  /// Whether what stopped it is no fault of the pickle: only imported code could tell it.
  bool is_unsupported() const noexcept { return is_unsupported_; }

 protected:
  explicit Interpreter(const Limits& limits)
      : limits_(limits), stack_(limits.max_stack_depth), memo_(limits.max_memo_entries) {}

  void clear() {
    stack_.clear();
    memo_ = Memo<Value, hole>(limits_.max_memo_entries);
    protocol_ = 0;
    is_unsupported_ = false;
    reason_.clear();
  }

  /// What a pickle has between two opcodes.
  struct Progress {
    Stack<Value> stack;
    Memo<Value, hole> memo;
    int protocol;
  };

  /// Puts the pickle at hand aside, for another one: resume() takes it up again.
  Progress suspend() {
    Progress progress{std::move(stack_), std::move(memo_), protocol_};
    stack_ = Stack<Value>(limits_.max_stack_depth);
    memo_ = Memo<Value, hole>(limits_.max_memo_entries);
    protocol_ = 0;
    return progress;
  }
  void resume(Progress progress) {
    stack_ = std::move(progress.stack);
    memo_ = std::move(progress.memo);
    protocol_ = progress.protocol;
  }

  std::uint64_t memo_size() const noexcept { return memo_.size(); }
  std::optional<Value> remembered(std::uint64_t index) const { return memo_.get(index); }
  /// Offset of the MARK that the opcode at hand has taken.
  std::uint64_t taken_mark() const noexcept { return stack_.taken_mark(); }

  Limits limits_;

 private:
  using Values = std::span<const Value>;

  Self& self() { return static_cast<Self&>(*this); }
  bool holds() const { return reason_.empty(); }

  // What an opcode does. Returns false, with a reason, to end the reading.
  using Step = bool (*)(Interpreter&, const Token&);
  template <bool (Interpreter::*member)(const Token&)>
  static bool step(Interpreter& self, const Token& token) {
    return (self.*member)(token);
  }
  static constexpr std::array<Step, 256> make_steps();

  bool push_number(const Token& token) { return push(self().on_literal(token)); }
  bool push_spelled_number(const Token& token);
  bool push_text(const Token& token);
  bool push_spelled_text(const Token& token);
  bool push_raw_text(const Token& token) { return push(self().on_text(token)); }
  bool push_bytes(const Token& token) { return push(self().on_bytes(token)); }
  bool check_buffer(const Token& token);
  template <Shape shape>
  bool push_empty(const Token& token);
  template <Shape shape>
  bool gather_above_mark(const Token& token) {
    return gather(token, shape);
  }
  template <std::size_t count>
  bool gather_tuple(const Token& token);
  template <Op op>
  bool append_items(const Token& token);
  bool call(const Token& token);
  bool call_on_mark(const Token& token);
  bool instantiate(const Token& token);
  bool set_state(const Token& token);
  bool push_spelled_persistent(const Token& token);
  bool make_persistent(const Token& token);
  template <std::size_t width>
  bool get(const Token& token) {
    return get(token, base::little_endian<width>(token.argument.data()));
  }
  template <std::size_t width>
  bool put(const Token& token) {
    return put(token, base::little_endian<width>(token.argument.data()));
  }
  bool get_spelled(const Token& token);
  bool put_spelled(const Token& token);
  bool memoize(const Token& token);
  bool push_symbol(const Token& token);
  bool import_from_stack(const Token& token);
  bool push_extension(const Token& token);
  bool set_protocol(const Token& token);
  bool note_frame(const Token& token);
  bool push_mark(const Token& token);
  bool pop(const Token& token);
  bool pop_to_mark(const Token& token);
  bool duplicate(const Token& token);
  bool stop(const Token& token);

  // Parts of them.
  bool gather(const Token& token, Shape shape);
  bool gather(const Token& token, Shape shape, std::size_t count, Items form);
  bool get(const Token& token, std::uint64_t index);
  bool put(const Token& token, std::uint64_t index);
  std::optional<Value> named_symbol(const Token& token);
  std::optional<std::uint64_t> index_in(const Token& token);
  bool has_readable_argument(const Token& token);
  bool are_keys(const Token& token, Shape container, std::size_t count);
  bool are_for_call(const Token& token);

  bool wants(const Token& token, std::size_t count) {
    return stack_.has(count) || lacks(token, count);
  }
  bool wants_mark(const Token& token, Items form) {
    return wants(stack_.has_mark(), token, "finds no mark") &&
           wants(form == Items::singles || stack_.above_mark() % 2 == 0, token,
                 "wants pairs and there is an odd value");
  }
  bool wants(bool holds, const Token& token, const char* what) {
    return holds || refuse(token, what);
  }
  bool push(Value value) { return holds() && (stack_.push(value) || is_too_deep()); }
  bool replace(std::size_t count, Value value) {
    stack_.drop(count);
    return push(value);
  }
  // Each fails.
  [[gnu::cold, gnu::noinline]] bool was_never_put(std::uint64_t index);
  [[gnu::cold, gnu::noinline]] bool is_over_memo();
  [[gnu::cold, gnu::noinline]] bool is_too_deep();
  [[gnu::cold, gnu::noinline]] bool lacks(const Token& token, std::size_t wanted);
  [[gnu::cold, gnu::noinline]] bool refuse(const Token& token, const char* what);

  Stack<Value> stack_;
  Memo<Value, hole> memo_;
  int protocol_ = 0;
  bool is_unsupported_ = false;
};

}  // namespace brine::pickle

#include "pickle/interpreter_steps.hpp"  // IWYU pragma: export
