#include "pickle/machine.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/arithmetic.hpp"
#include "pickle/literal.hpp"

namespace brine::pickle {
namespace {

constexpr std::size_t most_extensions = 100;

constexpr std::size_t most_concerns = 100;
const Symbol dtype_symbol{"numpy", "dtype"};

// What `ref` says of values that are neither texts nor symbols; 0: nothing.
using Note = std::uint32_t;
// Of a small number.
constexpr Note even = 1;
constexpr Note odd = 2;
// Of a tuple: what its first item says as the code of a numpy dtype; what it brings as its state.
constexpr Note plain_code = 1;
constexpr Note object_code = 2;
constexpr Note bare = 4;  // neither fields nor a subtype
constexpr Note counts_references = 8;
constexpr Note counts_none = 16;
// Of what a call made.
constexpr Note plain_dtype = 1;
constexpr Note object_dtype = 2;
constexpr Note other_dtype = 3;

// Where they stand in the state of a dtype.
constexpr std::size_t subtype_place = 2;
constexpr std::size_t fields_place = 4;
constexpr std::size_t flags_place = 7;

Note parity_of(const Token& token) {
  if (token.argument.empty() || !token.held) return 0;
  const bool is_spelled = token.code->argument == Argument::line;
  ByteView number = token.argument;
  if (is_spelled && number.back() == std::byte{'L'}) number = number.first(number.size() - 1);
  if (number.empty()) return 0;
  const auto byte = std::to_integer<unsigned>(is_spelled ? number.back() : number.front());
  const bool is_number = token.code->op != Op::float_ && token.code->op != Op::binfloat;
  return !is_number ? 0 : byte % 2 == 0 ? even : odd;
}

Note note_of_code(std::string_view code) {
  if (!code.empty() && std::string_view("|<>=").find(code[0]) != code.npos) code.remove_prefix(1);
  if (code.empty()) return 0;
  const std::string_view width = code.substr(1);
  const bool is_width =
      std::all_of(width.begin(), width.end(), [](char c) { return c >= '0' && c <= '9'; });
  if (!is_width) return 0;
  if (code[0] == 'O') return object_code;
  return std::string_view("?biufcSUVMm").find(code[0]) == std::string_view::npos ? 0 : plain_code;
}

}  // namespace

Machine::Machine(Detail detail, const Limits& limits)
    : Interpreter(limits), detail_(detail), texts_(limits.max_text_bytes) {}

void Machine::begin(Place place) {
  follows_memo_ = place == Place::behind_another && (follows_memo_ || memo_size() > 0);
  is_shifted_ = false;
  clear();
}

Abstract Machine::on_literal(const Token& token) {
  if (token.code->op == Op::none) return of(Shape::none);
  return {Shape::scalar, false, parity_of(token)};
}

Abstract Machine::on_text(const Token& token) {
  constexpr Abstract far{Shape::text, false, far_text};
  constexpr Abstract lost{Shape::text, false, lost_text};
  if (!token.held) return far;
  const auto text = text_of_push(token, scratch_);
  if (!text || !is_plain_name(*text)) return far;
  const auto number = texts_.number(*text);
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
  use(items);
  return {shape, false, shape == Shape::tuple ? note_of_tuple(items) : 0};
}

std::uint32_t Machine::note_of_tuple(Values items) const {
  if (items.empty()) return 0;
  Note note = 0;
  if (items[0].shape == Shape::text && items[0].ref < lost_text) {
    note |= note_of_code(text_of(items[0]));
  }
  if (items.size() <= flags_place) return note;
  const bool is_bare =
      items[subtype_place].shape == Shape::none && items[fields_place].shape == Shape::none;
  if (is_bare) note |= bare;
  if (items[flags_place].shape == Shape::scalar) {
    if (items[flags_place].ref == odd) note |= counts_references;
    if (items[flags_place].ref == even) note |= counts_none;
  }
  return note;
}

void Machine::on_items(const Token& token, const Abstract& target, Items, Values items) {
  if (target.shape == Shape::symbol) add_concern(Concern::Kind::changes_import, token, target.ref);
  use(items);
}

Abstract Machine::on_call(const Token&, const Abstract& callable, const Abstract& arguments) {
  use(callable);
  use(arguments);
  if (callable.shape != Shape::symbol || callable.ref != dtype_number_) return of(Shape::unknown);
  const Note code = arguments.ref & (plain_code | object_code);
  const bool is_tuple = arguments.shape == Shape::tuple;
  return {Shape::unknown, false,
          is_tuple && code == plain_code    ? plain_dtype
          : is_tuple && code == object_code ? object_dtype
                                            : other_dtype};
}

void Machine::on_state(const Token& token, const Abstract& object, const Abstract& state) {
  use(state);
  if (object.shape == Shape::symbol) {
    add_concern(Concern::Kind::changes_import, token, object.ref);
  } else if (object.shape == Shape::unknown && object.ref != 0) {
    judge_dtype(token, object.ref, state.shape == Shape::tuple ? state.ref : 0);
  }
}

// numpy believes what the state of a dtype says: an array of objects that it is told to be one of
// numbers takes bytes for pointers.
void Machine::judge_dtype(const Token& token, std::uint32_t dtype, std::uint32_t state) {
  const bool is_bare = (state & bare) != 0;
  if (is_bare && dtype == plain_dtype) return;
  if (is_bare && dtype == object_dtype && (state & counts_references) != 0) return;
  const bool forges = is_bare && dtype == object_dtype && (state & counts_none) != 0;
  add_concern(forges ? Concern::Kind::forged_objects : Concern::Kind::believed_dtype, token,
              dtype_number_);
}

void Machine::on_get(const Token& token) {
  if (is_shifted_) add_concern(Concern::Kind::shared_memo, token, 0);
}

void Machine::add_concern(Concern::Kind kind, const Token& token, std::uint32_t symbol) {
  const auto is_known = [&](const Concern& each) {
    return each.kind == kind && each.symbol == symbol;
  };
  if (concerns_.size() >= most_concerns) return;
  if (std::any_of(concerns_.begin(), concerns_.end(), is_known)) return;
  concerns_.push_back({kind, token.offset, symbol});
}

Abstract Machine::on_persistent(const Token&, Values id) {
  use(id);
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
void Machine::use(Values values) {
  if (detail_ == Detail::symbols) return;
  for (const Abstract& value : values) {
    const bool is_known = value.shape == Shape::text && value.ref < lost_text;
    if (is_known) text_pushes_[value.ref].is_data = true;
  }
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
  symbols_.push_back({{std::string(module), std::string(name)}, 0, offset, protocol()});
  symbol_numbers_.emplace(std::move(key), number);
  if (symbols_.back().symbol == dtype_symbol) dtype_number_ = number;
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
  return {Shape::symbol, false, push.symbol};
}

template class Interpreter<Machine, Abstract, no_value>;

}  // namespace brine::pickle
