#include "pickle/machine.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/arithmetic.hpp"
#include "pickle/literal.hpp"

namespace brine::pickle {
namespace {

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

}  // namespace

Machine::Machine(Detail detail, const Limits& limits)
    : Interpreter(limits), detail_(detail), texts_(limits.max_text_bytes) {}

Abstract Machine::on_literal(const Token& token) {
  return of(token.code->op == Op::none ? Shape::none : Shape::scalar);
}

Abstract Machine::on_text(const Token& token) {
  constexpr Abstract far{Shape::text, false, far_text};
  constexpr Abstract lost{Shape::text, false, lost_text};
  if (!token.held) return far;
  const std::string_view text = plain_text(token);
  if (!is_plain_name(text)) return far;
  const auto number = texts_.number(text);
  if (!number) return lost;
  if (detail_ == Detail::symbols) return {Shape::text, false, *number};
  if (is_full(text_pushes_)) return lost;
  text_pushes_.push_back({.offset = token.offset,
                          .text = *number,
                          .bytes = static_cast<std::uint16_t>(token.end - token.offset),
                          .op = token.code->op});
  return {Shape::text, false, static_cast<std::uint32_t>(text_pushes_.size() - 1)};
}

Abstract Machine::on_bytes(const Token& token) {
  if (!token.held) buffers_.push_back({token.argument_offset, token.argument_bytes});
  switch (token.code->op) {
    case Op::bytearray8:
      return of(Shape::bytearray);
    case Op::next_buffer:
      return of(Shape::unknown);
    default:
      return of(Shape::bytes);
  }
}

Abstract Machine::on_container(const Token&, Shape shape, Items, Values items) {
  for (const Abstract& item : items) use(item);
  return of(shape);
}

void Machine::on_items(const Abstract&, Items, Values items) {
  for (const Abstract& item : items) use(item);
}

Abstract Machine::on_call(const Token&, const Abstract& callable, const Abstract& arguments) {
  use(callable);
  use(arguments);
  return of(Shape::unknown);
}

void Machine::on_state(const Abstract&, const Abstract& state) { use(state); }

Abstract Machine::on_persistent(const Token&, Values id) {
  for (const Abstract& part : id) use(part);
  return of(Shape::unknown);
}

Abstract Machine::on_extension(const Token& token) {
  if (extensions_.size() < most_extensions) extensions_.push_back(token.offset);
  return of(Shape::unknown);
}

void Machine::on_protocol(int protocol) {
  highest_protocol_ = std::max(highest_protocol_, protocol);
}

void Machine::on_frame(const Token& token) {
  if (detail_ != Detail::pushes) return;
  if (is_full(frames_)) {
    fail(too_many("frames"));
    return;
  }
  const std::uint64_t length = base::little_endian(token.argument.data(), 8);
  frames_.push_back({token.offset, token.end, token.end + length});
}

// A text that goes into some object is data, whatever else it is.
void Machine::use(const Abstract& value) {
  if (detail_ == Detail::symbols || value.shape != Shape::text || value.ref >= lost_text) return;
  text_pushes_[value.ref].is_data = true;
}

template <typename Item>
bool Machine::is_full(const std::vector<Item>& items) const {
  return items.size() >= limits_.max_text_bytes / sizeof(Item);
}

std::string Machine::too_many(std::string_view what) const {
  return fmt::format("max_text_bytes: more {} than {} bytes hold", what, limits_.max_text_bytes);
}

std::string_view Machine::text_of(const Abstract& value) const {
  return texts_.text(detail_ == Detail::pushes ? text_pushes_[value.ref].text : value.ref);
}

Abstract Machine::on_symbol(const Token& token, std::string_view module, std::string_view name) {
  return add_symbol({.offset = token.offset,
                     .end = token.end,
                     .form = token.code->op == Op::inst ? Form::inst : Form::global},
                    module, name);
}

Abstract Machine::on_stack_symbol(const Token& token, const Abstract& module,
                                  const Abstract& name) {
  for (const Abstract& operand : {module, name}) {
    if (operand.ref < lost_text) continue;
    fail(operand.ref == lost_text ? too_many("texts")
                                  : "STACK_GLOBAL takes a text that is no plain name");
    return no_value;
  }
  const std::string_view module_text = text_of(module);
  const std::string_view name_text = text_of(name);
  if (std::string why = name_problem(limits_, module_text, name_text); !why.empty()) {
    fail(std::move(why));
    return no_value;
  }
  return add_symbol({.offset = token.offset,
                     .end = token.end,
                     .module_push = module.ref,
                     .name_push = name.ref,
                     .form = Form::stack_global},
                    module_text, name_text);
}

Abstract Machine::add_symbol(SymbolPush push, std::string_view module, std::string_view name) {
  const auto [known, is_new] = symbol_numbers_.try_emplace(
      fmt::format("{}\n{}", module, name), static_cast<std::uint32_t>(symbols_.size()));
  if (is_new) {
    if (symbols_.size() >= limits_.max_symbols) {
      fail(fmt::format("max_symbols: more than {} symbols", limits_.max_symbols));
      return no_value;
    }
    symbols_.push_back({{std::string(module), std::string(name)}, 0, push.offset, protocol()});
  }
  MetSymbol& met = symbols_[known->second];
  ++met.count;
  // The lowest protocol decides: under 3, a name may mean another one.
  met.protocol = std::min(met.protocol, protocol());
  push.symbol = known->second;
  push.protocol = static_cast<std::uint8_t>(protocol());
  if (detail_ == Detail::pushes) {
    if (is_full(pushes_)) {
      fail(too_many("pushes of symbols"));
      return no_value;
    }
    pushes_.push_back(push);
  }
  return {Shape::symbol, false, push.symbol};
}

}  // namespace brine::pickle
