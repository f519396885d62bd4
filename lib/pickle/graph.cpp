#include "pickle/graph.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/arithmetic.hpp"
#include "pickle/literal.hpp"

namespace brine::pickle {
namespace {

constexpr int highest_known_protocol = 5;
std::string underflow(const Token& token, std::size_t wanted) {
  return fmt::format("{} wants {} value{} that {} not there", token.code->name, wanted,
                     wanted == 1 ? "" : "s", wanted == 1 ? "is" : "are");
}

// The text that is pushed, where it can be told without decoding: forms other than UTF-8 only
// without escapes and bytes over 0x7f.
std::optional<std::string_view> plain_text(const Token& token) {
  if (!token.held) return std::nullopt;
  std::string_view text = brine::text_of(token.argument);
  const Op op = token.code->op;
  if (op == Op::binunicode || op == Op::short_binunicode || op == Op::binunicode8) return text;
  if (op == Op::string) text = text.substr(1, text.size() - 2);
  const bool has_escapes = op == Op::string || op == Op::unicode;
  const bool is_plain = std::all_of(text.begin(), text.end(), [&](char c) {
    return c >= 0 && !(has_escapes && c == '\\');
  });
  return is_plain ? std::optional(text) : std::nullopt;
}

std::optional<std::int64_t> spelled_integer(std::string_view text) {
  if (text.ends_with('L')) text.remove_suffix(1);
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc{} ? std::optional(value) : std::nullopt;
}

// Two's complement, least significant byte first.
std::optional<std::int64_t> signed_integer(ByteView bytes) {
  if (bytes.size() > 8) return std::nullopt;
  std::uint64_t value = base::little_endian(bytes.data(), bytes.size());
  const bool is_negative =
      !bytes.empty() && (bytes.back() & std::byte{0x80}) != std::byte{};
  if (is_negative && bytes.size() < 8) value |= ~std::uint64_t{0} << (8 * bytes.size());
  return static_cast<std::int64_t>(value);
}

std::optional<std::int64_t> integer_of(const Token& token) {
  switch (token.code->op) {
    case Op::int_:
    case Op::long_:
      return spelled_integer(brine::text_of(token.argument));
    case Op::binint1:
    case Op::binint2:
      return static_cast<std::int64_t>(
          base::little_endian(token.argument.data(), token.argument.size()));
    default:
      return token.held ? signed_integer(token.argument) : std::nullopt;
  }
}

}  // namespace

struct Graph::Handlers {
  Handler by_op[256] = {};

  constexpr void add(Handler handler, std::initializer_list<Op> ops) {
    for (const Op op : ops) by_op[static_cast<std::uint8_t>(op)] = handler;
  }

  constexpr Handlers() {
    using enum Op;
    add(&Graph::on_literal, {none, newtrue, newfalse, float_, binfloat});
    add(&Graph::on_number, {int_, binint, binint1, long_, binint2, long1, long4});
    add(&Graph::on_text,
        {string, binstring, short_binstring, unicode, binunicode, short_binunicode, binunicode8});
    add(&Graph::on_buffer,
        {binbytes, short_binbytes, binbytes8, bytearray8, next_buffer, readonly_buffer});
    add(&Graph::on_stack, {mark, stop, pop, Op::pop_mark, dup});
    add(&Graph::on_empty, {empty_dict, empty_list, empty_tuple, empty_set});
    add(&Graph::on_gather, {dict, list, tuple, frozenset, tuple1, tuple2, tuple3});
    add(&Graph::on_append, {append, appends, setitem, setitems, additems});
    add(&Graph::on_object, {reduce, newobj, newobj_ex, persid, binpersid});
    add(&Graph::on_build, {build});
    add(&Graph::on_mark_call, {obj});
    add(&Graph::on_memo, {get, binget, long_binget, put, binput, long_binput, memoize});
    add(&Graph::on_protocol, {proto, frame});
    add(&Graph::on_extension, {ext1, ext2, ext4});
    add(&Graph::on_global, {global, inst});
    add(&Graph::on_stack_global, {stack_global});
  }
};

Graph::Graph(const Limits& limits)
    : limits_(limits), memo_(limits.max_memo_entries), texts_(limits.max_text_bytes) {
  limits_.max_nodes = std::min<std::uint64_t>(limits.max_nodes, no_node);
}

std::string Graph::on_token(const Token& token) {
  static constexpr Handlers handlers;
  return (this->*handlers.by_op[static_cast<std::uint8_t>(token.code->op)])(token);
}

std::string Graph::on_literal(const Token& token) {
  if (std::string why = literal_problem(token); !why.empty()) return why;
  switch (token.code->op) {
    case Op::none:
      return push_new(token, NodeKind::none);
    case Op::newtrue:
    case Op::newfalse:
      return push_new(token, NodeKind::boolean);
    default:
      return push_new(token, NodeKind::real);
  }
}

std::string Graph::on_number(const Token& token) {
  if (std::string why = literal_problem(token); !why.empty()) return why;
  const std::string_view text = brine::text_of(token.argument);
  if (token.code->op == Op::int_ && (text == "00" || text == "01")) {
    return push_new(token, NodeKind::boolean);
  }
  const auto value = integer_of(token);
  if (!value) return push_new(token, NodeKind::integer, no_row);
  integers_.push_back(*value);
  return push_new(token, NodeKind::integer, static_cast<std::uint32_t>(integers_.size() - 1));
}

std::string Graph::on_text(const Token& token) {
  if (token.held) {
    if (std::string why = literal_problem(token); !why.empty()) return why;
  }
  const auto text = plain_text(token);
  const auto number =
      text && text->size() <= held_text_bytes ? texts_.number(*text) : std::nullopt;
  return push_new(token, NodeKind::text, number.value_or(no_row));
}

std::string Graph::on_buffer(const Token& token) {
  if (token.code->op == Op::readonly_buffer) return has(1) ? "" : underflow(token, 1);
  return push_new(token, NodeKind::bytes);
}

std::string Graph::on_stack(const Token& token) {
  const bool mark_on_top = !marks_.empty() && marks_.back() == stack_.size();
  const Op op = token.code->op;
  if (op == Op::mark) {
    if (stack_.size() + marks_.size() >= limits_.max_stack_depth) return push(no_node);
    marks_.push_back(stack_.size());
    return {};
  }
  if (op == Op::pop_mark) {
    if (std::string why = mark_problem(token, Form::singles); !why.empty()) return why;
    stack_.resize(stack_.size() - pop_mark());
    return {};
  }
  if (op == Op::pop && mark_on_top) {
    marks_.pop_back();
    return {};
  }
  if (!has(1)) return underflow(token, 1);
  if (op == Op::dup) return push(stack_.back());
  const NodeId top = pop();
  if (op == Op::stop) root_ = top;
  return {};
}

std::string Graph::on_empty(const Token& token) {
  switch (token.code->op) {
    case Op::empty_dict:
      return push_object(token, NodeKind::dict, {});
    case Op::empty_list:
      return push_object(token, NodeKind::list, {});
    case Op::empty_set:
      return push_object(token, NodeKind::set, {});
    default:
      return push_object(token, NodeKind::tuple, {});
  }
}

std::string Graph::on_gather(const Token& token) {
  const Op op = token.code->op;
  if (op == Op::tuple1 || op == Op::tuple2 || op == Op::tuple3) {
    const auto count = 1U + static_cast<unsigned>(op) - static_cast<unsigned>(Op::tuple1);
    if (!has(count)) return underflow(token, count);
    return push_container(token, NodeKind::tuple, count, Form::singles);
  }
  const Form form = op == Op::dict ? Form::pairs : Form::singles;
  if (std::string why = mark_problem(token, form); !why.empty()) return why;
  const NodeKind kind = op == Op::dict   ? NodeKind::dict
                        : op == Op::list ? NodeKind::list
                        : op == Op::tuple ? NodeKind::tuple
                                          : NodeKind::set;
  return push_container(token, kind, pop_mark(), form);
}

std::string Graph::on_append(const Token& token) {
  const Op op = token.code->op;
  const Form form = op == Op::setitem || op == Op::setitems ? Form::pairs : Form::singles;
  std::size_t count = op == Op::append ? 1 : 2;
  if (op == Op::append || op == Op::setitem) {
    if (!has(count + 1)) return underflow(token, count + 1);
  } else {
    if (std::string why = mark_problem(token, form); !why.empty()) return why;
    count = pop_mark();
    if (!has(count + 1)) return underflow(token, 1);
  }
  return move_items(count, form, stack_[stack_.size() - count - 1]);
}

std::string Graph::on_object(const Token& token) {
  const Op op = token.code->op;
  if (op == Op::persid) {
    std::string why = literal_problem(token);
    return why.empty() ? push_object(token, NodeKind::persistent, {}) : why;
  }
  const std::size_t wanted = op == Op::binpersid ? 1 : op == Op::newobj_ex ? 3 : 2;
  if (!has(wanted)) return underflow(token, wanted);
  if (op == Op::newobj_ex) {
    std::string why = push_container(token, NodeKind::tuple, 2, Form::singles);
    if (!why.empty()) return why;
  }
  const NodeId arguments = pop();
  if (op == Op::binpersid) {
    return push_object(token, NodeKind::persistent, {.arguments = arguments});
  }
  return push_call(token, pop(), arguments);
}

std::string Graph::on_build(const Token& token) {
  if (!has(2)) return underflow(token, 2);
  const NodeId state = pop();
  const Node& built = nodes_[stack_.back()];
  const bool takes = built.kind == NodeKind::call || built.kind == NodeKind::persistent ||
                     built.kind == NodeKind::other;
  if (takes) objects_[built.number].state = state;
  return {};
}

// OBJ: the callable stands above the mark, its arguments above it.
std::string Graph::on_mark_call(const Token& token) {
  if (std::string why = mark_problem(token, Form::singles); !why.empty()) return why;
  if (stack_.size() == marks_.back()) return "OBJ has no class";
  const std::size_t count = pop_mark() - 1;
  std::string why = push_container(token, NodeKind::tuple, count, Form::singles);
  if (!why.empty()) return why;
  const NodeId arguments = pop();
  return push_call(token, pop(), arguments);
}

std::string Graph::on_memo(const Token& token) {
  std::uint64_t index = memo_.size();
  if (token.code->argument == Argument::line) {
    const std::string_view text = brine::text_of(token.argument);
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), index);
    if (error != std::errc{} || end != text.data() + text.size()) {
      return fmt::format("{} has no plain number for an index", token.code->name);
    }
  } else if (token.code->argument == Argument::fixed) {
    index = base::little_endian(token.argument.data(), token.argument_bytes);
  }
  const Op op = token.code->op;
  if (op == Op::get || op == Op::binget || op == Op::long_binget) {
    const auto known = memo_.get(index);
    return known ? push(*known) : fmt::format("memo entry {} was never put", index);
  }
  if (!has(1)) return underflow(token, 1);
  if (memo_.put(index, stack_.back())) return {};
  return fmt::format("max_memo_entries: more than {} entries", limits_.max_memo_entries);
}

std::string Graph::on_protocol(const Token& token) {
  if (token.code->op == Op::frame) return {};
  const int protocol = std::to_integer<int>(token.argument[0]);
  if (protocol <= highest_known_protocol) return {};
  return fmt::format("protocol {} is not known, the highest is {}", protocol,
                     highest_known_protocol);
}

std::string Graph::on_extension(const Token& token) {
  const auto code = base::little_endian(token.argument.data(), token.argument_bytes);
  if (code == 0 || code > 0x7fffffff) return fmt::format("{} has no valid code", token.code->name);
  return push_object(token, NodeKind::other, {});
}

// INST is GLOBAL and a call: its arguments stand above the mark.
std::string Graph::on_global(const Token& token) {
  const bool is_inst = token.code->op == Op::inst;
  if (is_inst) {
    if (std::string why = mark_problem(token, Form::singles); !why.empty()) return why;
    std::string why = push_container(token, NodeKind::tuple, pop_mark(), Form::singles);
    if (!why.empty()) return why;
  }
  const std::string_view lines = brine::text_of(token.argument);
  const std::size_t newline = lines.find('\n');
  std::string why = push_symbol(token, lines.substr(0, newline), lines.substr(newline + 1));
  if (!is_inst || !why.empty()) return why;
  const NodeId callable = pop();
  return push_call(token, callable, pop());
}

std::string Graph::on_stack_global(const Token& token) {
  if (!has(2)) return underflow(token, 2);
  for (const NodeId operand : {stack_[stack_.size() - 2], stack_[stack_.size() - 1]}) {
    if (!is(operand, NodeKind::text)) {
      return "STACK_GLOBAL takes a name that is computed, not written in the pickle";
    }
    if (!text(operand) || !is_plain_name(*text(operand))) {
      return "STACK_GLOBAL takes a text that is no plain name";
    }
  }
  const NodeId name = pop();
  return push_symbol(token, *text(pop()), *text(name));
}

std::string Graph::push_symbol(const Token& token, std::string_view module,
                               std::string_view name) {
  if (module.size() > limits_.max_name_bytes || name.size() > limits_.max_name_bytes) {
    return fmt::format("max_name_bytes: a name of {} bytes, the limit is {}",
                       std::max(module.size(), name.size()), limits_.max_name_bytes);
  }
  if (module.empty() || name.empty()) return "a symbol has an empty name";
  if (!is_utf8(module, Surrogates::refused) || !is_utf8(name, Surrogates::refused)) {
    return "the name of a symbol is not UTF-8";
  }
  const auto [known, is_new] = symbol_numbers_.try_emplace(
      Symbol{std::string(module), std::string(name)}, static_cast<std::uint32_t>(symbols_.size()));
  if (is_new) {
    if (symbols_.size() >= limits_.max_symbols) {
      return fmt::format("max_symbols: more than {} symbols", limits_.max_symbols);
    }
    symbols_.push_back(known->first);
  }
  return push_new(token, NodeKind::symbol, known->second);
}

}  // namespace brine::pickle
