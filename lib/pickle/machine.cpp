#include "pickle/machine.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/arithmetic.hpp"
#include "pickle/literal.hpp"
#include "pickle/numeral.hpp"
#include "pickle/probe.hpp"

namespace brine::pickle {
namespace {

constexpr std::size_t most_extensions = 100;
constexpr std::size_t most_nested = 10'000;
constexpr std::uint64_t most_nested_bytes = 16U << 20;

constexpr std::size_t most_concerns = 100;
constexpr std::uint64_t most_small = 1U << 31;

// The value of a small number; none: it is none, or its exact value does not matter.
std::optional<std::uint32_t> small_number(const Token& token) {
  if (token.argument.empty() || !token.held || token.code->op == Op::binfloat) return std::nullopt;
  if (token.code->argument != Argument::line) {
    const std::size_t width = token.argument.size();
    if (width > 8 || (token.code->op != Op::binint1 && token.code->op != Op::binint2 &&
                      std::to_integer<unsigned>(token.argument.back()) > 127)) {
      return std::nullopt;
    }
    const std::uint64_t value = base::little_endian(token.argument.data(), width);
    return value < most_small ? std::optional(static_cast<std::uint32_t>(value)) : std::nullopt;
  }
  std::string_view digits = text_of(token.argument);
  if (token.code->op == Op::long_ && digits.ends_with('L')) digits.remove_suffix(1);
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  const bool is_whole = error == std::errc{} && end == digits.data() + digits.size();
  const bool is_small = is_whole && value < most_small;
  return is_small && spelling_of(token) == Spelling::plain ? std::optional(value) : std::nullopt;
}

}  // namespace

Machine::Machine(Detail detail, const Limits& limits, const Extensions* known)
    : Interpreter(limits),
      detail_(detail),
      known_extensions_(detail == Detail::symbols ? known : nullptr),
      texts_(limits.max_text_bytes) {}

void Machine::begin(Place place) {
  follows_memo_ = place == Place::behind_another && (follows_memo_ || memo_size() > 0);
  is_shifted_ = false;
  clear();
}

Abstract Machine::on_literal(const Token& token) {
  switch (token.code->op) {
    case Op::none:
      return of(Shape::none);
    case Op::binint1:
      return of_number(std::to_integer<std::uint32_t>(token.argument[0]));
    case Op::binint2:
      return of_number(static_cast<std::uint32_t>(base::little_endian<2>(token.argument.data())));
    default:
      return of_number(small_number(token));
  }
}

Abstract Machine::on_text(const Token& token) {
  constexpr Abstract far{Shape::text, Trait::none, far_text};
  constexpr Abstract lost{Shape::text, Trait::none, lost_text};
  if (!token.held) return far;
  const Op op = token.code->op;
  const bool is_bytes = op == Op::binstring || op == Op::short_binstring;  // in Python 2
  if (is_bytes && may_be_pickle(token.argument)) keep_nested(token);
  const auto text = text_of_push(token, scratch_);
  if (text) judge_text(token, *text);
  if (!text || !is_plain_name(*text)) return far;
  const auto number = texts_.number(*text);
  if (!number) return lost;
  if (detail_ == Detail::symbols) return {Shape::text, Trait::none, *number};
  if (is_full(text_pushes_)) return lost;
  text_pushes_.push_back({.offset = token.offset,
                          .text = *number,
                          .bytes = static_cast<std::uint16_t>(token.end - token.offset),
                          .op = token.code->op});
  return {Shape::text, Trait::none, static_cast<std::uint32_t>(text_pushes_.size() - 1)};
}

// What the unpickler looks up on an instance, it calls: no matter what the instance keeps there.
void Machine::judge_text(const Token& token, std::string_view text) {
  constexpr std::string_view shadowing[] = {"__class__",     "__setstate__", "__reduce__",
                                            "__reduce_ex__", "__getattr__",  "__del__"};
  if (text.starts_with("__")) {
    const bool is_shadowing =
        std::find(std::begin(shadowing), std::end(shadowing), text) != std::end(shadowing);
    if (is_shadowing) add_concern(Concern::Kind::shadows, token);
  } else if (may_name_zone(text)) {
    add_concern(Concern::Kind::opens_zone, token);
  }
}

Abstract Machine::on_bytes(const Token& token) {
  if (!token.held) buffers_.push_back({token.argument_offset, token.argument_bytes});
  if (may_be_pickle(token.argument)) keep_nested(token);
  if (may_name_zone(brine::text_of(token.argument))) {
    add_concern(Concern::Kind::opens_zone, token);
  }
  switch (token.code->op) {
    case Op::bytearray8:
      return of(Shape::bytearray);
    case Op::next_buffer:
      return of(Shape::unknown);
    default:
      last_bytes_ = {token.argument_offset, token.argument_bytes};
      return {Shape::bytes, Trait::none, ++bytes_number_};
  }
}

void Machine::keep_nested(const Token& token) {
  const std::uint64_t bytes = nested_bytes_ + token.argument.size();
  leaves_out_nested_ |= nested_.size() == most_nested || bytes > most_nested_bytes;
  if (leaves_out_nested_) return;
  nested_bytes_ = bytes;
  nested_.push_back({token.argument_offset, Bytes(token.argument.begin(), token.argument.end())});
}

Abstract Machine::on_container(const Token& token, Shape shape, Items, Values items) {
  use(token, items);
  if (shape == Shape::list) return {shape, Trait::none, recent_.add_list(items.size())};
  if (shape == Shape::dict) return {shape, Trait::none, recent_.add(items)};
  if (shape != Shape::tuple) return of(shape);
  if (!has_its_objects(items, recent_)) {
    add_concern(Concern::Kind::short_array, token, dtype_number_);
  }
  const bool has_symbols = std::any_of(items.begin(), items.end(), [](const Abstract& each) {
    return is_symbol(each) || (each.shape == Shape::tuple && each.trait != Trait::none);
  });
  return {shape, has_symbols ? Trait::symbols : Trait::none, recent_.add(items)};
}

void Machine::on_items(const Token& token, const Abstract& target, Items, Values items) {
  if (is_symbol(target) && !items.empty()) {
    add_concern(Concern::Kind::changes_import, token, target.ref);
  }
  if (target.trait == Trait::old && !items.empty()) add_concern(Concern::Kind::late_state, token);
  if (target.shape == Shape::dict) {
    if (!recent_.append(target.ref, items)) {
      add_concern(Concern::Kind::believed_dtype, token, dtype_number_);
    }
  }
  if (target.shape == Shape::list) recent_.lengthen(target.ref, items.size());
  use(token, items);
}

// numpy takes any sequence apart, and a list may change meanwhile.
bool Machine::is_plain_state(const Abstract& object, const Abstract& state) const {
  if (state.shape != Shape::list && !is_open(state.shape)) return true;
  const auto maker = maker_of(object);
  if (!maker) return state.shape != Shape::list;
  const std::string_view module = symbols_[*maker].symbol.module;
  const std::string_view package = module.substr(0, module.find('.'));
  return package != "numpy" && package != "multiarray";
}

Abstract Machine::on_state(const Token& token, const Abstract& object, const Abstract& state) {
  use(token, state);
  if (!is_plain_state(object, state)) add_concern(Concern::Kind::list_state, token);
  if (object.trait == Trait::old) add_concern(Concern::Kind::late_state, token);
  release_wrapped(object, state);
  if (is_symbol(object)) {
    add_concern(Concern::Kind::changes_import, token, object.ref);
  } else if (is_dtype(object)) {
    judge_dtype(token, object, state);
  } else if (made_of(object) == Made::caller) {
    // The state of a partial names its function anew.
    const auto items = recent_.items(state.shape == Shape::tuple ? state.ref : 0);
    if (!items || items->empty() || !is_called((*items)[0])) {
      add_concern(Concern::Kind::calls_object, token);
    }
  }
  return aged(object);
}

void Machine::judge_dtype(const Token& token, const Abstract& dtype, const Abstract& state) {
  const auto text = [&](const Abstract& value) {
    return detail_ == Detail::pushes ? text_pushes_[value.ref].text : value.ref;
  };
  const Layout layout = judge_layout(dtype, state, recent_, text);
  if (layout == Layout::sound) return;
  add_concern(
      layout == Layout::forged ? Concern::Kind::forged_objects : Concern::Kind::believed_dtype,
      token, dtype_number_);
}

Abstract Machine::on_get(const Token& token, const Abstract& value) {
  if (is_shifted_) add_concern(Concern::Kind::shared_memo, token);
  return aged(value);
}

void Machine::on_put(const Token& token, std::uint64_t, const Abstract&) {
  if (token.code->op == Op::memoize) is_shifted_ = follows_memo_;
}

void Machine::on_frame_breach(const Token& token, FrameBreach breach) {
  add_concern(breach == FrameBreach::nested ? Concern::Kind::nested_frames
                                            : Concern::Kind::unfinished_frame,
              token);
}

void Machine::add_concern(Concern::Kind kind, const Token& token,
                          std::optional<std::uint32_t> symbol) {
  const auto is_known = [&](const Concern& each) {
    return each.kind == kind && each.symbol == symbol;
  };
  if (concerns_.size() >= most_concerns && symbol) return;
  if (std::any_of(concerns_.begin(), concerns_.end(), is_known)) return;
  concerns_.push_back({kind, token.offset, symbol});
}

Abstract Machine::on_persistent(const Token& token, Values id) {
  if (const auto module = named_module(id)) return *module;
  use(token, id);
  return of(Shape::unknown);
}

Abstract Machine::on_extension(const Token& token) {
  if (known_extensions_ != nullptr) {
    const auto code = base::little_endian(token.argument.data(), token.argument.size());
    const auto known = known_extensions_->find(static_cast<std::uint32_t>(code));
    if (known != known_extensions_->end()) {
      return on_symbol(token, known->second.module, known->second.name);
    }
  }
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

// Most items are numbers and texts, of which only an edit wants to know.
void Machine::use(const Token& token, Values items) {
  for (const Abstract& item : items) {
    const bool matters = item.shape == Shape::dict || item.shape == Shape::symbol ||
                         (item.shape == Shape::tuple && item.trait != Trait::none);
    if (matters || detail_ == Detail::pushes) use(token, item);
  }
}

// What goes into some object is data, whatever else it is.
void Machine::use(const Token& token, const Abstract& value) {
  const bool is_noted =
      value.shape == Shape::dict || (value.shape == Shape::tuple && value.trait != Trait::none);
  if (is_noted && !recent_.use(value.ref)) {
    add_concern(Concern::Kind::believed_dtype, token, dtype_number_);
  }
  on_result(value);
}

void Machine::on_result(const Abstract& value) {
  if (is_symbol(value)) keep(value.ref);
  if (value.shape == Shape::tuple && value.trait == Trait::old) keep_again(value);
  if (detail_ == Detail::pushes && is_name(value)) text_pushes_[value.ref].is_data = true;
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
    hides_name_ = operand.ref == far_text;
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

// The number of a symbol, new or known; none where a limit forbids a new one.
std::optional<std::uint32_t> Machine::number_of(std::string_view module, std::string_view name,
                                                std::uint64_t offset) {
  std::string key = fmt::format("{}\n{}", module, name);
  if (const auto known = symbol_numbers_.find(key); known != symbol_numbers_.end()) {
    return known->second;
  }
  if (symbols_.size() >= limits_.max_symbols) {
    fail(fmt::format("max_symbols: more than {} symbols", limits_.max_symbols));
    return std::nullopt;
  }
  if (symbol_bytes_ + key.size() > limits_.max_text_bytes / 16) {
    fail(fmt::format("max_text_bytes: the names of symbols take over a sixteenth of {} bytes",
                     limits_.max_text_bytes));
    return std::nullopt;
  }
  symbol_bytes_ += key.size();
  const auto number = static_cast<std::uint32_t>(symbols_.size());
  MetSymbol met{
      .symbol = {std::string(module), std::string(name)}, .offset = offset, .protocol = protocol()};
  met.effect = effect_of(met.symbol);
  if (met.effect == Effect::dtype) dtype_number_ = number;
  symbols_.push_back(std::move(met));
  symbol_numbers_.emplace(std::move(key), number);
  return number;
}

Abstract Machine::add_symbol(SymbolPush push, std::string_view module, std::string_view name) {
  const auto number = number_of(module, name, push.offset);
  if (!number) return no_value;
  MetSymbol& met = symbols_[*number];
  ++met.count;
  // The lowest protocol decides: under 3, a name may mean another one.
  met.protocol = std::min(met.protocol, protocol());
  push.symbol = *number;
  push.protocol = static_cast<std::uint8_t>(protocol());
  if (detail_ == Detail::pushes) {
    if (is_full(pushes_)) {
      fail(too_many("pushes of symbols"));
      return no_value;
    }
    pushes_.push_back(push);
  }
  return {Shape::symbol, Trait::none, push.symbol};
}

template class Interpreter<Machine, Abstract, no_value>;

}  // namespace brine::pickle
