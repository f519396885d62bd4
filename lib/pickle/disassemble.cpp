#include "pickle/disassemble.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "pickle/listing_argument.hpp"
#include "pickle/listing_stack.hpp"
#include "pickle/python_literal.hpp"

namespace brine::pickle {
namespace {

constexpr std::size_t largest_piece = 1U << 20;
constexpr std::size_t smallest_piece = 1U << 12;  // most pickles that follow one another are small
constexpr std::size_t name_columns = 10;
constexpr std::string_view no_mark_text = "no MARK exists on stack";

// The columns of a line that are the same for every use of an opcode.
struct Columns {
  std::string code;    // the byte as repr() writes it, in four columns and a blank
  std::string padded;  // the name, in as many columns as stand in front of an argument
};

std::array<Columns, 256> columns_by_byte() {
  std::array<Columns, 256> table;
  for (std::size_t byte = 0; byte < table.size(); ++byte) {
    const std::string code =
        byte < 0x80 ? std::string(1, static_cast<char>(byte)) : fmt::format("\\x{:02x}", byte);
    table[byte] = {fmt::format("{:<4} ", code),
                   fmt::format("{:<{}}", opcodes[byte].name, name_columns)};
  }
  return table;
}

const Columns& columns_of(Op op) {
  static const std::array<Columns, 256> table = columns_by_byte();
  return table[static_cast<std::uint8_t>(op)];
}

bool touches_memo(Op op) {
  switch (op) {
    case Op::put:
    case Op::binput:
    case Op::long_binput:
    case Op::memoize:
    case Op::get:
    case Op::binget:
    case Op::long_binget:
      return true;
    default:
      return false;
  }
}

// What stands behind an argument, or in its place.
enum class Note : std::uint8_t { none, mark_at, no_mark, memo_as };

// Writes a line for each token. Each step returns false, with a reason, where pickletools stops.
class Lister final : public TokenSink {
 public:
  Lister(const RandomSource& payload, Sink& out, const Limits& limits)
      : out_(out), limits_(limits), memo_(limits), argument_(payload) {}

  bool on_token(const Token& token) override { return take(token); }

  /// Writes the line behind STOP and says what is wrong with the stack then.
  std::string end();
  void flush() { out_.flush(); }
  int protocol() const noexcept { return protocol_; }
  std::uint64_t lines() const noexcept { return lines_; }

 private:
  bool take(const Token& token);
  bool close_mark(const StackEffect& effect, Op op);
  void use_memo(Op op);
  template <typename Place>
  void use_memo_place(Op op, const Place& place);
  bool follow(const StackEffect& effect, const Token& token);
  void put_place(std::uint64_t offset);
  void put_line(const Token& token);
  void put_note();

  TextBuffer out_;
  Limits limits_;
  ListingStack stack_;
  ListingMemo memo_;
  int protocol_ = -1;
  std::uint64_t lines_ = 0;
  // Of the token under way:
  ListingArgument argument_;
  std::size_t indent_ = 0;  // in marks
  Note note_ = Note::none;
  std::uint64_t note_number_ = 0;
  std::string complaint_;  // ends the listing, but behind the line
  std::uint64_t popped_ = 0;
};

// POP takes a mark like a value; the others take everything down to it.
bool Lister::close_mark(const StackEffect& effect, Op op) {
  popped_ = effect.pops;
  const bool closes = effect.marks == Marks::pops ||
                      (effect.marks == Marks::pops_if_top && stack_.is_mark_on_top());
  if (!closes) return true;
  if (stack_.open_marks() == 0) {
    note_ = Note::no_mark;
    complaint_ = no_mark_text;
    return true;
  }
  const auto offset = stack_.close_mark();
  if (!offset) return fail("its MARK was popped as a value before");
  note_ = Note::mark_at;
  note_number_ = *offset;
  if (op == Op::pop) popped_ = 0;
  return true;
}

template <typename Place>
void Lister::use_memo_place(Op op, const Place& place) {
  const bool known = memo_.holds(place);
  if (op == Op::get || op == Op::binget || op == Op::long_binget) {
    if (!known) complaint_ = fmt::format("memo key {} has never been stored into", place);
  } else if (known) {
    complaint_ = fmt::format("memo key {} is stored into for a second time", place);
  } else if (stack_.is_empty()) {
    complaint_ = "the stack is empty, nothing can be stored into the memo";
  } else if (stack_.is_mark_on_top()) {
    complaint_ = "a MARK cannot be stored into the memo";
  } else if (!memo_.put(place)) {
    complaint_ = fmt::format("max_memo_entries: the memo is over {}", limits_.max_memo_entries);
  }
}

void Lister::use_memo(Op op) {
  if (!touches_memo(op)) return;
  if (op == Op::memoize) {
    note_ = Note::memo_as;
    note_number_ = memo_.size();
    use_memo_place(op, memo_.size());
  } else if (op == Op::get || op == Op::put) {
    use_memo_place(op, argument_.digits());
  } else {
    use_memo_place(op, argument_.number());
  }
}

void Lister::put_place(std::uint64_t offset) {
  for (std::uint64_t reach = 10'000; reach > offset && reach > 1; reach /= 10) out_.put(' ');
  out_.put_number(offset);
  out_.put(": ");
}

void Lister::put_note() {
  switch (note_) {
    case Note::none:
      return;
    case Note::no_mark:
      return out_.put(no_mark_text);
    case Note::mark_at:
      out_.put("(MARK at ");
      break;
    case Note::memo_as:
      out_.put("(as ");
      break;
  }
  out_.put_number(note_number_);
  out_.put(')');
}

void Lister::put_line(const Token& token) {
  const Columns& columns = columns_of(token.code->op);
  out_.put(columns.code);
  out_.put_blanks(4 * std::uint64_t{indent_});
  const bool has_more = argument_.is_there() || note_ != Note::none;
  out_.put(has_more ? std::string_view(columns.padded) : token.code->name);
  if (argument_.is_there()) {
    out_.put(' ');
    argument_.put(out_);
  }
  if (note_ != Note::none) {
    out_.put(' ');
    put_note();
  }
  out_.put('\n');
}

// What the opcode does to the stack once its line is written.
bool Lister::follow(const StackEffect& effect, const Token& token) {
  if (stack_.depth() < popped_) {
    return fail(fmt::format("{} pops {} values from a stack of {}", token.code->name, popped_,
                            stack_.depth()));
  }
  stack_.pop(popped_);
  stack_.push(effect.pushes);
  if (effect.marks == Marks::pushes) stack_.push_mark(token.offset);
  if (stack_.open_marks() <= limits_.max_stack_depth) return true;
  return fail(fmt::format("max_stack_depth: more than {} open marks", limits_.max_stack_depth));
}

bool Lister::take(const Token& token) {
  const Op op = token.code->op;
  const StackEffect& effect = stack_effects[static_cast<std::uint8_t>(op)];
  if (auto problem = argument_.read(token)) return fail(std::move(*problem));
  put_place(token.offset);
  protocol_ = std::max<int>(protocol_, token.code->protocol);
  note_ = Note::none;
  indent_ = stack_.open_marks();
  if (!close_mark(effect, op)) return false;
  use_memo(op);
  if (argument_.has_too_many_digits()) {
    return fail(fmt::format("max_str_digits: an integer of more than {} digits", most_digits));
  }
  put_line(token);
  ++lines_;
  return complaint_.empty() ? follow(effect, token) : fail(std::move(complaint_));
}

std::string Lister::end() {
  out_.put("highest protocol among opcodes = ");
  out_.put_number(protocol_);
  out_.put('\n');
  if (stack_.is_empty()) return {};
  return fmt::format("{} values are left on the stack behind STOP", stack_.depth());
}

}  // namespace

Listing disassemble(const RandomSource& payload, std::uint64_t offset, Sink& out,
                    const Limits& limits) {
  Lister lister(payload, out, limits);
  TokenReader reader(lister, offset, limits);
  reader.ignore_frames();
  Bytes buffer;
  std::uint64_t at = offset;
  while (reader.state() == TokenReader::State::reading && at < payload.size()) {
    buffer.resize(std::clamp(2 * buffer.size(), smallest_piece, largest_piece));
    const ByteSpan piece =
        ByteSpan(buffer).first(std::min<std::uint64_t>(buffer.size(), payload.size() - at));
    payload.read_at(at, piece);
    reader.feed(piece);
    at += piece.size();
  }
  reader.finish();
  Listing listing{.opcodes = lister.lines(),
                  .protocol = lister.protocol(),
                  .offset = reader.offset(),
                  .reason = reader.reason()};
  if (reader.state() == TokenReader::State::stopped) listing.reason = lister.end();
  lister.flush();
  return listing;
}

}  // namespace brine::pickle
