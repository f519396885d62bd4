// What each opcode does: the definitions that interpreter.hpp declares.
#pragma once

#include <fmt/format.h>

#include <initializer_list>

#include "base/arithmetic.hpp"
#include "pickle/interpreter.hpp"
#include "pickle/literal.hpp"
#include "pickle/numeral.hpp"

namespace brine::pickle {

// The bytes that are no opcodes have no step: the reader hands none over.
template <typename Self, typename Value, Value hole>
constexpr auto Interpreter<Self, Value, hole>::make_steps() -> std::array<Step, 256> {
  std::array<Step, 256> steps{};
  const auto set = [&](Step step, std::initializer_list<Op> ops) {
    for (const Op op : ops) steps[static_cast<std::uint8_t>(op)] = step;
  };
  using enum Op;
  using I = Interpreter;
  set(step<&I::push_number>, {binint, binint1, binint2, long1, long4, binfloat});
  set(step<&I::push_number>, {Op::none, newtrue, newfalse});
  set(step<&I::push_spelled_number>, {int_, long_, float_});
  set(step<&I::push_text>, {binunicode, short_binunicode, binunicode8});
  set(step<&I::push_spelled_text>, {string, unicode});
  set(step<&I::push_raw_text>, {binstring, short_binstring});
  set(step<&I::push_bytes>, {binbytes, short_binbytes, binbytes8, bytearray8, next_buffer});
  set(step<&I::check_buffer>, {readonly_buffer});
  set(step<&I::push_empty<Shape::dict>>, {empty_dict});
  set(step<&I::push_empty<Shape::list>>, {empty_list});
  set(step<&I::push_empty<Shape::tuple>>, {empty_tuple});
  set(step<&I::push_empty<Shape::set>>, {empty_set});
  set(step<&I::gather_above_mark<Shape::dict>>, {dict});
  set(step<&I::gather_above_mark<Shape::list>>, {list});
  set(step<&I::gather_above_mark<Shape::tuple>>, {tuple});
  set(step<&I::gather_above_mark<Shape::frozenset>>, {Op::frozenset});
  set(step<&I::gather_tuple<1>>, {tuple1});
  set(step<&I::gather_tuple<2>>, {tuple2});
  set(step<&I::gather_tuple<3>>, {tuple3});
  set(step<&I::append_items<append>>, {append});
  set(step<&I::append_items<appends>>, {appends});
  set(step<&I::append_items<setitem>>, {setitem});
  set(step<&I::append_items<setitems>>, {setitems});
  set(step<&I::append_items<additems>>, {additems});
  set(step<&I::call>, {reduce, newobj, newobj_ex});
  set(step<&I::call_on_mark>, {obj});
  set(step<&I::instantiate>, {inst});
  set(step<&I::set_state>, {build});
  set(step<&I::push_spelled_persistent>, {persid});
  set(step<&I::make_persistent>, {binpersid});
  set(step<&I::get_spelled>, {Op::get});
  set(step<&I::template get<1>>, {binget});
  set(step<&I::template get<4>>, {long_binget});
  set(step<&I::put_spelled>, {Op::put});
  set(step<&I::template put<1>>, {binput});
  set(step<&I::template put<4>>, {long_binput});
  set(step<&I::memoize>, {Op::memoize});
  set(step<&I::push_symbol>, {global});
  set(step<&I::import_from_stack>, {stack_global});
  set(step<&I::push_extension>, {ext1, ext2, ext4});
  set(step<&I::set_protocol>, {proto});
  set(step<&I::note_frame>, {frame});
  set(step<&I::push_mark>, {mark});
  set(step<&I::pop>, {Op::pop});
  set(step<&I::pop_to_mark>, {pop_mark});
  set(step<&I::duplicate>, {dup});
  set(step<&I::stop>, {Op::stop});
  return steps;
}

template <typename Self, typename Value, Value hole>
bool Interpreter<Self, Value, hole>::push_spelled_number(const Token& token) {
  const Spelling spelling = spelling_of(token);
  if (spelling == Spelling::refused) return refuse(token, "is no number");
  if (spelling == Spelling::disputed) self().on_dispute(token);
  return push(self().on_literal(token));
}

template <typename Self, typename Value, Value hole>
bool Interpreter<Self, Value, hole>::push_text(const Token& token) {
  return wants(!token.held || is_utf8(text_of(token.argument), Surrogates::passed), token,
               "is not UTF-8") &&
         push(self().on_text(token));
}

template <typename Self, typename Value, Value hole>
bool Interpreter<Self, Value, hole>::push_spelled_text(const Token& token) {
  return has_readable_argument(token) && push(self().on_text(token));
}

template <typename Self, typename Value, Value hole>
bool Interpreter<Self, Value, hole>::check_buffer(const Token& token) {
  return wants(token, 1) &&
         wants(has_bytes(self().shape_of(stack_.top())), token, "wants a buffer");
}

template <typename Self, typename Value, Value hole>
template <Shape shape>
bool Interpreter<Self, Value, hole>::push_empty(const Token& token) {
  constexpr Items form = shape == Shape::dict ? Items::pairs : Items::singles;
  return push(self().on_container(token, shape, form, {}));
}

template <typename Self, typename Value, Value hole>
template <std::size_t count>
bool Interpreter<Self, Value, hole>::gather_tuple(const Token& token) {
  return wants(token, count) && gather(token, Shape::tuple, count, Items::singles);
}

template <typename Self, typename Value, Value hole>
bool Interpreter<Self, Value, hole>::push_spelled_persistent(const Token& token) {
  return has_readable_argument(token) && push(self().on_persistent(token, {}));
}

template <typename Self, typename Value, Value hole>
bool Interpreter<Self, Value, hole>::make_persistent(const Token& token) {
  return wants(token, 1) && replace(1, self().on_persistent(token, stack_.topmost(1)));
}

template <typename Self, typename Value, Value hole>
bool Interpreter<Self, Value, hole>::note_frame(const Token& token) {
  self().on_frame(token);
  return holds();
}

template <typename Self, typename Value, Value hole>
bool Interpreter<Self, Value, hole>::push_mark(const Token& token) {
  return stack_.push_mark(token.offset) || is_too_deep();
}

template <typename Self, typename Value, Value hole>
bool Interpreter<Self, Value, hole>::pop(const Token& token) {
  if (stack_.has_mark_on_top()) {
    stack_.drop_mark();
    return true;
  }
  if (!wants(token, 1)) return false;
  stack_.drop(1);
  return true;
}

template <typename Self, typename Value, Value hole>
bool Interpreter<Self, Value, hole>::pop_to_mark(const Token& token) {
  if (!wants_mark(token, Items::singles)) return false;
  stack_.drop(stack_.drop_mark());
  return true;
}

template <typename Self, typename Value, Value hole>
bool Interpreter<Self, Value, hole>::duplicate(const Token& token) {
  return wants(token, 1) && push(self().on_dup(token, stack_.top()));
}

template <typename Self, typename Value, Value hole>
bool Interpreter<Self, Value, hole>::stop(const Token& token) {
  if (!wants(token, 1)) return false;
  self().on_result(stack_.top());
  stack_.drop(1);
  return holds();
}

template <typename Self, typename Value, Value hole>
bool Interpreter<Self, Value, hole>::gather(const Token& token, Shape shape) {
  const Items form = shape == Shape::dict ? Items::pairs : Items::singles;
  return wants_mark(token, form) && gather(token, shape, stack_.drop_mark(), form);
}

template <typename Self, typename Value, Value hole>
bool Interpreter<Self, Value, hole>::gather(const Token& token, Shape shape, std::size_t count,
                                            Items form) {
  return are_keys(token, shape, count) &&
         replace(count, self().on_container(token, shape, form, stack_.topmost(count)));
}

template <typename Self, typename Value, Value hole>
template <Op op>
bool Interpreter<Self, Value, hole>::append_items(const Token& token) {
  constexpr bool is_single = op == Op::append || op == Op::setitem;
  constexpr Items form = op == Op::setitem || op == Op::setitems ? Items::pairs : Items::singles;
  std::size_t count = op == Op::append ? 1 : 2;
  if constexpr (is_single) {
    if (!wants(token, count + 1)) return false;
  } else {
    if (!wants_mark(token, form)) return false;
    count = stack_.drop_mark();
    if (!stack_.has(count + 1)) return lacks(token, 1);
  }
  const Value target = stack_.top(count);
  const Shape shape = self().shape_of(target);
  const bool takes = count == 0 || takes_items(shape, op);
  if (!wants(takes, token, "adds to a value that takes no items") ||
      !are_keys(token, shape, count)) {
    return false;
  }
  self().on_items(token, target, form, stack_.topmost(count));
  stack_.drop(count);
  return holds();
}

template <typename Self, typename Value, Value hole>
bool Interpreter<Self, Value, hole>::call(const Token& token) {
  const bool has_keywords = token.code->op == Op::newobj_ex;
  if (!wants(token, has_keywords ? 3 : 2)) return false;
  if (has_keywords) {
    const Shape keywords = self().shape_of(stack_.top());
    const Shape arguments = self().shape_of(stack_.top(1));
    if (!wants(is_open(keywords) || keywords == Shape::dict, token, "wants a dict of keywords") ||
        !wants(is_open(arguments) || arguments == Shape::tuple, token,
               "wants a tuple of arguments") ||
        !gather(token, Shape::tuple, 2, Items::singles)) {
      return false;
    }
  }
  return are_for_call(token) && replace(2, self().on_call(token, stack_.top(1), stack_.top()));
}

template <typename Self, typename Value, Value hole>
bool Interpreter<Self, Value, hole>::are_for_call(const Token& token) {
  const Shape arguments = self().shape_of(stack_.top());
  return wants(is_open(arguments) || arguments == Shape::tuple, token,
               "wants a tuple of arguments") &&
         wants(is_open(self().shape_of(stack_.top(1))), token, "calls what cannot be called");
}

// Keys and members must have a hash.
template <typename Self, typename Value, Value hole>
bool Interpreter<Self, Value, hole>::are_keys(const Token& token, Shape container,
                                              std::size_t count) {
  const bool is_set = container == Shape::set || container == Shape::frozenset;
  if (container != Shape::dict && !is_set) return true;
  const Values items = stack_.topmost(count);
  for (std::size_t at = 0; at < count; at += is_set ? 1 : 2) {
    if (!wants(is_builtin_key(self().shape_of(items[at])), token, "has a key without a hash")) {
      return false;
    }
  }
  return true;
}

template <typename Self, typename Value, Value hole>
bool Interpreter<Self, Value, hole>::has_readable_argument(const Token& token) {
  std::string why = literal_problem(token);
  return why.empty() || fail(std::move(why));
}

// OBJ: the callable stands above the mark, its arguments above it.
template <typename Self, typename Value, Value hole>
bool Interpreter<Self, Value, hole>::call_on_mark(const Token& token) {
  if (!wants_mark(token, Items::singles)) return false;
  if (stack_.above_mark() == 0) return fail("OBJ has no class");
  return gather(token, Shape::tuple, stack_.drop_mark() - 1, Items::singles) &&
         are_for_call(token) && replace(2, self().on_call(token, stack_.top(1), stack_.top()));
}

// Of GLOBAL and INST: module and name, each on a line. Nothing where they cannot be names.
template <typename Self, typename Value, Value hole>
std::optional<Value> Interpreter<Self, Value, hole>::named_symbol(const Token& token) {
  const std::string_view lines = text_of(token.argument);
  const std::size_t newline = lines.find('\n');
  const std::string_view module = lines.substr(0, newline);
  const std::string_view name = lines.substr(newline + 1);
  std::string why = name_problem(limits_, module, name);
  if (why.empty()) return self().on_symbol(token, module, name);
  fail(std::move(why));
  return std::nullopt;
}

template <typename Self, typename Value, Value hole>
bool Interpreter<Self, Value, hole>::push_symbol(const Token& token) {
  const std::optional<Value> symbol = named_symbol(token);
  return symbol && push(*symbol);
}

// INST is GLOBAL and a call: the arguments stand above the mark.
template <typename Self, typename Value, Value hole>
bool Interpreter<Self, Value, hole>::instantiate(const Token& token) {
  if (!wants_mark(token, Items::singles) ||
      !gather(token, Shape::tuple, stack_.drop_mark(), Items::singles)) {
    return false;
  }
  const std::optional<Value> callable = named_symbol(token);
  return callable && holds() && replace(1, self().on_call(token, *callable, stack_.top()));
}

template <typename Self, typename Value, Value hole>
bool Interpreter<Self, Value, hole>::push_extension(const Token& token) {
  const auto code = base::little_endian(token.argument.data(), token.argument_bytes);
  return wants(code != 0 && code <= 0x7fffffff, token, "has no valid code") &&
         push(self().on_extension(token));
}

template <typename Self, typename Value, Value hole>
bool Interpreter<Self, Value, hole>::set_protocol(const Token& token) {
  protocol_ = std::to_integer<int>(token.argument[0]);
  if (protocol_ > highest_known_protocol) {
    return fail(fmt::format("protocol {} is not known, the highest is {}", protocol_,
                            highest_known_protocol));
  }
  self().on_protocol(protocol_);
  return true;
}

template <typename Self, typename Value, Value hole>
bool Interpreter<Self, Value, hole>::set_state(const Token& token) {
  if (!wants(token, 2)) return false;
  const bool takes = takes_state(self().shape_of(stack_.top(1)), self().shape_of(stack_.top()));
  if (!wants(takes, token, "sets the state of a value that has none")) return false;
  return replace(2, self().on_state(token, stack_.top(1), stack_.top()));
}

// Spelled in a line, which not every reader takes for the same number.
template <typename Self, typename Value, Value hole>
std::optional<std::uint64_t> Interpreter<Self, Value, hole>::index_in(const Token& token) {
  const auto index = memo_index(token);
  if (!index) {
    refuse(token, "has no number for an index");
  } else if (spelling_of(token) == Spelling::disputed) {
    self().on_dispute(token);
  }
  return index;
}

template <typename Self, typename Value, Value hole>
bool Interpreter<Self, Value, hole>::get_spelled(const Token& token) {
  const auto index = index_in(token);
  return index && get(token, *index);
}

template <typename Self, typename Value, Value hole>
bool Interpreter<Self, Value, hole>::put_spelled(const Token& token) {
  const auto index = index_in(token);
  return index && put(token, *index);
}

template <typename Self, typename Value, Value hole>
bool Interpreter<Self, Value, hole>::get(const Token& token, std::uint64_t index) {
  const Value* const value = memo_.find(index);
  const Value got = self().on_get(token, value == nullptr ? hole : *value);
  return value != nullptr ? push(got) : was_never_put(index);
}

template <typename Self, typename Value, Value hole>
bool Interpreter<Self, Value, hole>::memoize(const Token& token) {
  return put(token, memo_.size());
}

template <typename Self, typename Value, Value hole>
bool Interpreter<Self, Value, hole>::put(const Token& token, std::uint64_t index) {
  if (!wants(token, 1)) return false;
  self().on_put(token, index, stack_.top());
  return memo_.put(index, stack_.top()) || is_over_memo();
}

template <typename Self, typename Value, Value hole>
bool Interpreter<Self, Value, hole>::import_from_stack(const Token& token) {
  if (!wants(token, 2)) return false;
  for (const Shape shape : {self().shape_of(stack_.top()), self().shape_of(stack_.top(1))}) {
    if (shape == Shape::text) continue;
    is_unsupported_ = is_open(shape);
    return fail("STACK_GLOBAL takes a name that is computed, not written in the pickle");
  }
  return replace(2, self().on_stack_symbol(token, stack_.top(1), stack_.top()));
}

template <typename Self, typename Value, Value hole>
bool Interpreter<Self, Value, hole>::lacks(const Token& token, std::size_t wanted) {
  return fail(fmt::format("{} wants {} value{} that {} not there", token.code->name, wanted,
                          wanted == 1 ? "" : "s", wanted == 1 ? "is" : "are"));
}

template <typename Self, typename Value, Value hole>
bool Interpreter<Self, Value, hole>::refuse(const Token& token, const char* what) {
  return fail(fmt::format("{} {}", token.code->name, what));
}

template <typename Self, typename Value, Value hole>
bool Interpreter<Self, Value, hole>::was_never_put(std::uint64_t index) {
  return fail(fmt::format("memo entry {} was never put", index));
}

template <typename Self, typename Value, Value hole>
bool Interpreter<Self, Value, hole>::is_over_memo() {
  return fail(fmt::format("max_memo_entries: more than {} entries", limits_.max_memo_entries));
}

template <typename Self, typename Value, Value hole>
bool Interpreter<Self, Value, hole>::is_too_deep() {
  return fail(fmt::format("max_stack_depth: more than {} values at once", limits_.max_stack_depth));
}

}  // namespace brine::pickle
