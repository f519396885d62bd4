#include "pickle/machine.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/arithmetic.hpp"
#include "pickle/literal.hpp"

namespace brine::pickle {
namespace {

constexpr int highest_known_protocol = 5;
constexpr std::size_t most_extensions = 100;

// What a push of text means, where that needs no decoding: no escapes, no bytes over 0x7f in the
// text forms that are not UTF-8.
std::string_view plain_text(const Token& token) {
  const std::string_view text = brine::text_of(token.argument);
  switch (token.code->op) {
    case Op::binunicode:
    case Op::short_binunicode:
    case Op::binunicode8:
      return text;
    default: {
      const bool is_quoted = token.code->op == Op::string;
      const bool is_plain = std::all_of(text.begin(), text.end(), [](char c) { return c > 0; });
      return !is_plain ? std::string_view{} : is_quoted ? text.substr(1, text.size() - 2) : text;
    }
  }
}

std::string underflow(const Token& token, std::size_t wanted) {
  return fmt::format("{} wants {} value{} that {} not there", token.code->name, wanted,
                     wanted == 1 ? "" : "s", wanted == 1 ? "is" : "are");
}

std::string no_mark(const Token& token) {
  return fmt::format("{} finds no mark", token.code->name);
}

}  // namespace

struct Machine::Handlers {
  Handler by_op[256] = {};

  constexpr void add(Handler handler, std::initializer_list<Op> ops) {
    for (const Op op : ops) by_op[static_cast<std::uint8_t>(op)] = handler;
  }

  constexpr Handlers() {
    using enum Op;
    add(&Machine::on_literal,
        {float_, int_, binint, binint1, long_, binint2, none, binfloat, newtrue, newfalse, long1,
         long4, empty_dict, empty_list, empty_tuple, empty_set});
    add(&Machine::on_text,
        {string, binstring, short_binstring, unicode, binunicode, short_binunicode, binunicode8});
    add(&Machine::on_buffer,
        {binbytes, short_binbytes, binbytes8, bytearray8, next_buffer, readonly_buffer});
    add(&Machine::on_stack, {mark, stop, pop, pop_mark, dup});
    add(&Machine::on_gather, {dict, list, tuple, frozenset, tuple1, tuple2, tuple3});
    add(&Machine::on_append, {append, appends, setitem, setitems, additems});
    add(&Machine::on_object, {reduce, build, newobj, newobj_ex, obj, persid, binpersid});
    add(&Machine::on_memo,
        {get, binget, long_binget, put, binput, long_binput, memoize});
    add(&Machine::on_protocol, {proto, frame});
    add(&Machine::on_extension, {ext1, ext2, ext4});
    add(&Machine::on_global, {global, inst});
    add(&Machine::on_stack_global, {stack_global});
  }
};

Machine::Machine(Detail detail, const Limits& limits)
    : limits_(limits), detail_(detail), memo_(limits.max_memo_entries),
      texts_(limits.max_text_bytes) {}

void Machine::begin() {
  stack_.clear();
  marks_.clear();
  memo_ = Memory(limits_.max_memo_entries);
  protocol_ = 0;
}

std::string Machine::on_token(const Token& token) {
  static constexpr Handlers handlers;
  return (this->*handlers.by_op[static_cast<std::uint8_t>(token.code->op)])(token);
}

std::string Machine::push(Kind kind, std::uint32_t ref) {
  if (is_at_depth_limit()) return too_deep();
  stack_.push_back({kind, ref});
  return {};
}

std::string Machine::too_deep() const {
  return fmt::format("max_stack_depth: more than {} values at once", limits_.max_stack_depth);
}

// Takes `count` values off, into some object.
std::string Machine::use(std::size_t count) {
  for (std::size_t i = stack_.size() - count; i < stack_.size(); ++i) use(stack_[i]);
  stack_.resize(stack_.size() - count);
  return {};
}

void Machine::use(const Value& value) {
  if (value.kind == Kind::text && detail_ == Detail::pushes) text_pushes_[value.ref].is_data = true;
}

std::string Machine::use_to_mark(const Token& token) {
  if (marks_.empty()) return no_mark(token);
  use(stack_.size() - marks_.back());
  marks_.pop_back();
  return {};
}

std::string Machine::on_literal(const Token& token) {
  if (token.code->argument == Argument::line) {
    if (std::string why = literal_problem(token); !why.empty()) return why;
  }
  return push(Kind::plain);
}

std::string Machine::on_text(const Token& token) {
  if (!token.held) return push(Kind::far_text);
  if (std::string why = literal_problem(token); !why.empty()) return why;
  const std::string_view text = plain_text(token);
  if (!is_plain_name(text)) return push(Kind::far_text);
  const auto number = texts_.number(text);
  if (!number) return push(Kind::lost_text);
  if (detail_ == Detail::symbols) return push(Kind::text, *number);
  if (is_full(text_pushes_)) return push(Kind::lost_text);
  text_pushes_.push_back({.offset = token.offset, .text = *number,
                          .bytes = static_cast<std::uint16_t>(token.end - token.offset),
                          .op = token.code->op});
  return push(Kind::text, static_cast<std::uint32_t>(text_pushes_.size() - 1));
}

std::string Machine::on_buffer(const Token& token) {
  if (token.code->op == Op::readonly_buffer) return has(1) ? "" : underflow(token, 1);
  if (!token.held) buffers_.push_back({token.argument_offset, token.argument_bytes});
  return push(Kind::plain);
}

std::string Machine::on_stack(const Token& token) {
  const bool mark_on_top = !marks_.empty() && marks_.back() == stack_.size();
  switch (token.code->op) {
    case Op::mark:
      if (is_at_depth_limit()) return too_deep();
      marks_.push_back(stack_.size());
      return {};
    case Op::pop:
      if (mark_on_top) {
        marks_.pop_back();
      } else if (has(1)) {
        stack_.pop_back();
      } else {
        return underflow(token, 1);
      }
      return {};
    case Op::pop_mark:
      if (marks_.empty()) return no_mark(token);
      stack_.resize(marks_.back());
      marks_.pop_back();
      return {};
    case Op::dup:
      return has(1) ? push(stack_.back().kind, stack_.back().ref) : underflow(token, 1);
    default:  // STOP
      return has(1) ? use(1) : underflow(token, 1);
  }
}

std::string Machine::on_gather(const Token& token) {
  const Op op = token.code->op;
  if (op == Op::tuple1 || op == Op::tuple2 || op == Op::tuple3) {
    const auto count = 1U + static_cast<unsigned>(op) - static_cast<unsigned>(Op::tuple1);
    if (!has(count)) return underflow(token, count);
    use(count);
    return push(Kind::plain);
  }
  if (op == Op::dict && !marks_.empty() && (stack_.size() - marks_.back()) % 2 != 0) {
    return "DICT wants pairs and there is an odd value";
  }
  if (std::string why = use_to_mark(token); !why.empty()) return why;
  return push(Kind::plain);
}

std::string Machine::on_append(const Token& token) {
  const Op op = token.code->op;
  if (op == Op::append || op == Op::setitem) {
    const std::size_t items = op == Op::append ? 1 : 2;
    return has(items + 1) ? use(items) : underflow(token, items + 1);
  }
  if (marks_.empty()) return no_mark(token);
  if (op == Op::setitems && (stack_.size() - marks_.back()) % 2 != 0) {
    return "SETITEMS wants pairs and there is an odd value";
  }
  use_to_mark(token);
  return has(1) ? "" : underflow(token, 1);
}

std::string Machine::on_object(const Token& token) {
  switch (token.code->op) {
    case Op::persid: {
      std::string why = literal_problem(token);
      return why.empty() ? push(Kind::other) : why;
    }
    case Op::build:
      return has(2) ? use(1) : underflow(token, 2);
    case Op::obj:
      if (!marks_.empty() && stack_.size() == marks_.back()) return "OBJ has no class";
      if (std::string why = use_to_mark(token); !why.empty()) return why;
      return push(Kind::other);
    default: {
      const std::size_t count = token.code->op == Op::binpersid ? 1
                                : token.code->op == Op::newobj_ex ? 3 : 2;
      if (!has(count)) return underflow(token, count);
      use(count);
      return push(Kind::other);
    }
  }
}

std::string Machine::on_memo(const Token& token) {
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
  switch (token.code->op) {
    case Op::get:
    case Op::binget:
    case Op::long_binget:
      return get(index);
    default:
      return has(1) ? put(index) : underflow(token, 1);
  }
}

std::string Machine::put(std::uint64_t index) {
  if (memo_.put(index, stack_.back())) return {};
  return fmt::format("max_memo_entries: more than {} entries", limits_.max_memo_entries);
}

std::string Machine::get(std::uint64_t index) {
  const auto value = memo_.get(index);
  if (!value) return fmt::format("memo entry {} was never put", index);
  return push(value->kind, value->ref);
}

std::string Machine::on_protocol(const Token& token) {
  if (token.code->op == Op::frame) {
    if (detail_ == Detail::pushes) {
      if (is_full(frames_)) return too_many("frames");
      const std::uint64_t length = base::little_endian(token.argument.data(), 8);
      frames_.push_back({token.offset, token.end, token.end + length});
    }
    return {};
  }
  protocol_ = std::to_integer<int>(token.argument[0]);
  if (protocol_ > highest_known_protocol) {
    return fmt::format("protocol {} is not known, the highest is {}", protocol_,
                       highest_known_protocol);
  }
  highest_protocol_ = std::max(highest_protocol_, protocol_);
  return {};
}

std::string Machine::on_extension(const Token& token) {
  const auto code = base::little_endian(token.argument.data(), token.argument_bytes);
  if (code == 0 || code > 0x7fffffff) return fmt::format("{} has no valid code", token.code->name);
  if (extensions_.size() < most_extensions) extensions_.push_back(token.offset);
  return push(Kind::other);
}

std::string Machine::on_global(const Token& token) {
  const std::string_view lines = brine::text_of(token.argument);
  const std::size_t newline = lines.find('\n');
  const bool is_inst = token.code->op == Op::inst;
  if (is_inst) {
    if (std::string why = use_to_mark(token); !why.empty()) return why;
  }
  SymbolPush push{.offset = token.offset, .end = token.end,
                  .form = is_inst ? Form::inst : Form::global};
  return add_symbol(push, lines.substr(0, newline), lines.substr(newline + 1));
}

template <typename Item>
bool Machine::is_full(const std::vector<Item>& items) const {
  return items.size() >= limits_.max_text_bytes / sizeof(Item);
}

std::string Machine::too_many(std::string_view what) const {
  return fmt::format("max_text_bytes: more {} than {} bytes hold", what, limits_.max_text_bytes);
}

std::string_view Machine::text_of(const Value& value) const {
  return texts_.text(detail_ == Detail::pushes ? text_pushes_[value.ref].text : value.ref);
}

std::string Machine::on_stack_global(const Token& token) {
  if (!has(2)) return underflow(token, 2);
  const Value name = stack_[stack_.size() - 1];
  const Value module = stack_[stack_.size() - 2];
  for (const Value& operand : {module, name}) {
    if (operand.kind == Kind::lost_text) return too_many("texts");
    if (operand.kind == Kind::far_text) return "STACK_GLOBAL takes a text that is no plain name";
    if (operand.kind != Kind::text) {
      return "STACK_GLOBAL takes a name that is computed, not written in the pickle";
    }
  }
  stack_.resize(stack_.size() - 2);
  SymbolPush push{.offset = token.offset, .end = token.end, .module_push = module.ref,
                  .name_push = name.ref, .form = Form::stack_global};
  return add_symbol(push, text_of(module), text_of(name));
}

std::string Machine::add_symbol(SymbolPush push, std::string_view module, std::string_view name) {
  if (module.size() > limits_.max_name_bytes || name.size() > limits_.max_name_bytes) {
    return fmt::format("max_name_bytes: a name of {} bytes, the limit is {}",
                       std::max(module.size(), name.size()), limits_.max_name_bytes);
  }
  if (module.empty() || name.empty()) return "a symbol has an empty name";
  if (!is_utf8(module, Surrogates::refused) || !is_utf8(name, Surrogates::refused)) {
    return "the name of a symbol is not UTF-8";
  }
  const auto [known, is_new] = symbol_numbers_.try_emplace(
      fmt::format("{}\n{}", module, name), static_cast<std::uint32_t>(symbols_.size()));
  if (is_new) {
    if (symbols_.size() >= limits_.max_symbols) {
      return fmt::format("max_symbols: more than {} symbols", limits_.max_symbols);
    }
    symbols_.push_back({{std::string(module), std::string(name)}, 0, push.offset, protocol_});
  }
  MetSymbol& met = symbols_[known->second];
  ++met.count;
  // The lowest protocol decides: under 3, a name may mean another one.
  met.protocol = std::min(met.protocol, protocol_);
  push.symbol = known->second;
  push.protocol = static_cast<std::uint8_t>(protocol_);
  if (detail_ == Detail::pushes) {
    if (is_full(pushes_)) return too_many("pushes of symbols");
    pushes_.push_back(push);
  }
  return this->push(push.form == Form::inst ? Kind::other : Kind::symbol, push.symbol);
}

}  // namespace brine::pickle
