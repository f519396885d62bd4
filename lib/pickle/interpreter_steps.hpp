// What each opcode does: the definitions that interpreter.hpp declares.
#pragma once

#include <fmt/format.h>

#include "base/arithmetic.hpp"
#include "pickle/interpreter.hpp"
#include "pickle/literal.hpp"
#include "pickle/numeral.hpp"

namespace brine::pickle {

template <typename Self, typename Value, Value hole>
bool Interpreter<Self, Value, hole>::run(const Token& token) {
  using enum Op;
  switch (token.code->op) {
    case int_: case long_: case float_:
      return has_readable_argument(token) && push(self().on_literal(token));
    case binint: case binint1: case binint2: case long1: case long4: case binfloat:
    case none: case newtrue: case newfalse:
      return push(self().on_literal(token));
    case binunicode: case short_binunicode: case binunicode8:
      return wants(!token.held || is_utf8(text_of(token.argument), Surrogates::passed), token,
                   "is not UTF-8") &&
             push(self().on_text(token));
    case string: case unicode:
      return has_readable_argument(token) && push(self().on_text(token));
    case binstring: case short_binstring:
      return push(self().on_text(token));
    case binbytes: case short_binbytes: case binbytes8: case bytearray8: case next_buffer:
      return push(self().on_bytes(token));
    case empty_dict:
      return push(self().on_container(token, Shape::dict, Items::pairs, {}));
    case empty_list:
      return push(self().on_container(token, Shape::list, Items::singles, {}));
    case empty_tuple:
      return push(self().on_container(token, Shape::tuple, Items::singles, {}));
    case empty_set:
      return push(self().on_container(token, Shape::set, Items::singles, {}));
    case dict:
      return gather(token, Shape::dict);
    case list:
      return gather(token, Shape::list);
    case tuple:
      return gather(token, Shape::tuple);
    case Op::frozenset:
      return gather(token, Shape::frozenset);
    case tuple1: case tuple2: case tuple3: {
      const auto count = 1U + static_cast<unsigned>(token.code->op) - static_cast<unsigned>(tuple1);
      return wants(token, count) && gather(token, Shape::tuple, count, Items::singles);
    }
    case Op::append: case appends: case setitem: case setitems: case additems:
      return append_items(token);
    case reduce: case newobj: case newobj_ex:
      return call(token);
    case obj:
      return call_on_mark(token);
    case inst:
      return instantiate(token);
    case Op::build:
      return set_state(token);
    case persid:
      return has_readable_argument(token) && push(self().on_persistent(token, {}));
    case binpersid:
      return wants(token, 1) && replace(1, self().on_persistent(token, topmost(1)));
    case get: case binget: case long_binget: case put: case binput: case long_binput: case memoize:
      return use_memo(token);
    case global: {
      const std::string_view lines = text_of(token.argument);
      const std::size_t newline = lines.find('\n');
      const std::string_view module = lines.substr(0, newline);
      const std::string_view name = lines.substr(newline + 1);
      std::string why = name_problem(limits_, module, name);
      if (!why.empty()) return fail(std::move(why));
      return push(self().on_symbol(token, module, name));
    }
    case stack_global:
      return import_from_stack(token);
    case proto:
      protocol_ = std::to_integer<int>(token.argument[0]);
      if (protocol_ > highest_known_protocol) {
        return fail(fmt::format("protocol {} is not known, the highest is {}", protocol_,
                                highest_known_protocol));
      }
      self().on_protocol(protocol_);
      return true;
    case ext1: case ext2: case ext4: {
      const auto code = base::little_endian(token.argument.data(), token.argument_bytes);
      const bool is_valid = code != 0 && code <= 0x7fffffff;
      if (!is_valid) return fail(fmt::format("{} has no valid code", token.code->name));
      return push(self().on_extension(token));
    }
    case frame:
      self().on_frame(token);
      return holds();
    default:
      return run_on_stack(token);
  }
}

template <typename Self, typename Value, Value hole>
bool Interpreter<Self, Value, hole>::run_on_stack(const Token& token) {
  const bool mark_on_top = !marks_.empty() && marks_.back().height == stack_.size();
  switch (token.code->op) {
    case Op::mark:
      if (!has_room()) return false;
      marks_.push_back({stack_.size(), token.offset});
      return true;
    case Op::pop:
      if (mark_on_top) {
        marks_.pop_back();
      } else {
        if (!wants(token, 1)) return false;
        drop(1);
      }
      return true;
    case Op::pop_mark:
      if (!wants_mark(token, Items::singles)) return false;
      drop(drop_mark());
      return true;
    case Op::dup:
      return wants(token, 1) && push(self().on_dup(token, top()));
    case Op::readonly_buffer:
      return wants(token, 1) &&
             wants(has_bytes(self().shape_of(top())), token, "wants a buffer");
    default:  // STOP
      if (!wants(token, 1)) return false;
      self().on_result(top());
      drop(1);
      return holds();
  }
}

template <typename Self, typename Value, Value hole>
bool Interpreter<Self, Value, hole>::gather(const Token& token, Shape shape) {
  const Items form = shape == Shape::dict ? Items::pairs : Items::singles;
  return wants_mark(token, form) && gather(token, shape, drop_mark(), form);
}

template <typename Self, typename Value, Value hole>
bool Interpreter<Self, Value, hole>::gather(const Token& token, Shape shape, std::size_t count,
                                            Items form) {
  return are_keys(token, shape, count) &&
         replace(count, self().on_container(token, shape, form, topmost(count)));
}

template <typename Self, typename Value, Value hole>
bool Interpreter<Self, Value, hole>::append_items(const Token& token) {
  const Op op = token.code->op;
  const Items form = op == Op::setitem || op == Op::setitems ? Items::pairs : Items::singles;
  std::size_t count = op == Op::append ? 1 : 2;
  if (op != Op::append && op != Op::setitem) {
    if (!wants_mark(token, form)) return false;
    count = drop_mark();
    if (!has(count + 1)) return fail(underflow(token, 1));
  } else if (!wants(token, count + 1)) {
    return false;
  }
  const Value target = top(count);
  const Shape shape = self().shape_of(target);
  const bool takes = count == 0 || takes_items(shape, op);
  if (!wants(takes, token, "adds to a value that takes no items") ||
      !are_keys(token, shape, count)) {
    return false;
  }
  self().on_items(token, target, form, topmost(count));
  drop(count);
  return holds();
}

template <typename Self, typename Value, Value hole>
bool Interpreter<Self, Value, hole>::call(const Token& token) {
  const bool has_keywords = token.code->op == Op::newobj_ex;
  if (!wants(token, has_keywords ? 3 : 2)) return false;
  if (has_keywords) {
    const Shape keywords = self().shape_of(top());
    const Shape arguments = self().shape_of(top(1));
    if (!wants(is_open(keywords) || keywords == Shape::dict, token, "wants a dict of keywords") ||
        !wants(is_open(arguments) || arguments == Shape::tuple, token,
               "wants a tuple of arguments") ||
        !gather(token, Shape::tuple, 2, Items::singles)) {
      return false;
    }
  }
  return are_for_call(token) && replace(2, self().on_call(token, top(1), top()));
}

template <typename Self, typename Value, Value hole>
bool Interpreter<Self, Value, hole>::are_for_call(const Token& token) {
  const Shape arguments = self().shape_of(top());
  return wants(is_open(arguments) || arguments == Shape::tuple, token,
               "wants a tuple of arguments") &&
         wants(is_open(self().shape_of(top(1))), token, "calls what cannot be called");
}

// Keys and members must have a hash.
template <typename Self, typename Value, Value hole>
bool Interpreter<Self, Value, hole>::are_keys(const Token& token, Shape container,
                                              std::size_t count) {
  const bool is_set = container == Shape::set || container == Shape::frozenset;
  if (container != Shape::dict && !is_set) return true;
  for (std::size_t at = stack_.size() - count; at < stack_.size(); at += is_set ? 1 : 2) {
    if (!wants(is_builtin_key(self().shape_of(stack_[at])), token, "has a key without a hash")) {
      return false;
    }
  }
  return true;
}

template <typename Self, typename Value, Value hole>
bool Interpreter<Self, Value, hole>::has_readable_argument(const Token& token) {
  std::string why = literal_problem(token);
  if (!why.empty()) return fail(std::move(why));
  if (spelling_of(token) == Spelling::disputed) self().on_dispute(token);
  return true;
}

// OBJ: the callable stands above the mark, its arguments above it.
template <typename Self, typename Value, Value hole>
bool Interpreter<Self, Value, hole>::call_on_mark(const Token& token) {
  if (!wants_mark(token, Items::singles)) return false;
  if (above_mark() == 0) return fail("OBJ has no class");
  return gather(token, Shape::tuple, drop_mark() - 1, Items::singles) && are_for_call(token) &&
         replace(2, self().on_call(token, top(1), top()));
}

// INST is GLOBAL and a call: the arguments stand above the mark.
template <typename Self, typename Value, Value hole>
bool Interpreter<Self, Value, hole>::instantiate(const Token& token) {
  const std::string_view lines = text_of(token.argument);
  const std::size_t newline = lines.find('\n');
  const std::string_view module = lines.substr(0, newline);
  const std::string_view name = lines.substr(newline + 1);
  if (!wants_mark(token, Items::singles) ||
      !gather(token, Shape::tuple, drop_mark(), Items::singles)) {
    return false;
  }
  std::string why = name_problem(limits_, module, name);
  if (!why.empty()) return fail(std::move(why));
  const Value callable = self().on_symbol(token, module, name);
  return holds() && replace(1, self().on_call(token, callable, top()));
}

template <typename Self, typename Value, Value hole>
bool Interpreter<Self, Value, hole>::set_state(const Token& token) {
  if (!wants(token, 2)) return false;
  const bool takes = takes_state(self().shape_of(top(1)), self().shape_of(top()));
  if (!wants(takes, token, "sets the state of a value that has none")) return false;
  self().on_state(token, top(1), top());
  drop(1);
  return holds();
}

template <typename Self, typename Value, Value hole>
bool Interpreter<Self, Value, hole>::use_memo(const Token& token) {
  const Op op = token.code->op;
  const auto index = op == Op::memoize ? memo_.size() : memo_index(token);
  if (!index) return fail(fmt::format("{} has no number for an index", token.code->name));
  if (spelling_of(token) == Spelling::disputed) self().on_dispute(token);
  if (op == Op::get || op == Op::binget || op == Op::long_binget) {
    const auto value = memo_.get(*index);
    const Value got = self().on_get(token, value.value_or(hole));
    return value ? push(got) : fail(fmt::format("memo entry {} was never put", *index));
  }
  if (!wants(token, 1)) return false;
  self().on_put(token, *index, top());
  return memo_.put(*index, top()) ||
         fail(fmt::format("max_memo_entries: more than {} entries", limits_.max_memo_entries));
}

template <typename Self, typename Value, Value hole>
bool Interpreter<Self, Value, hole>::import_from_stack(const Token& token) {
  if (!wants(token, 2)) return false;
  if (self().shape_of(top()) != Shape::text || self().shape_of(top(1)) != Shape::text) {
    return fail("STACK_GLOBAL takes a name that is computed, not written in the pickle");
  }
  return replace(2, self().on_stack_symbol(token, top(1), top()));
}

template <typename Self, typename Value, Value hole>
std::string Interpreter<Self, Value, hole>::underflow(const Token& token, std::size_t wanted) {
  return fmt::format("{} wants {} value{} that {} not there", token.code->name, wanted,
                     wanted == 1 ? "" : "s", wanted == 1 ? "is" : "are");
}

template <typename Self, typename Value, Value hole>
std::string Interpreter<Self, Value, hole>::too_deep() const {
  return fmt::format("max_stack_depth: more than {} values at once", limits_.max_stack_depth);
}

}  // namespace brine::pickle
