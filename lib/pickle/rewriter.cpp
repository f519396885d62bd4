#include "pickle/rewriter.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "brine/error.hpp"
#include "pickle/forms.hpp"
#include "pickle/latin1.hpp"
#include "pickle/literal.hpp"
#include "pickle/protocol_name.hpp"
#include "pickle/spelled.hpp"

namespace brine::pickle {
namespace {

constexpr std::uint64_t most_in_4_bytes = 0xffffffff;
constexpr std::uint64_t piece_bytes = 256U << 10;

struct Text final : Sink {
  std::string text;
  void write(ByteView more) override { text += text_of(more); }
};

bool is_put(Op op) {
  return op == Op::put || op == Op::binput || op == Op::long_binput || op == Op::memoize;
}

// What the first reading found can only be missing in other bytes.
template <typename Value>
Value sure(std::optional<Value> value) {
  if (value) return *std::move(value);
  throw Error(Errc::environment, "the payload changed while it was read");
}

double real_of(std::string_view text) {
  double value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

}  // namespace

Rewriter::Rewriter(const RewritePlan& plan, Sink& out, const Limits& limits)
    : plan_(plan),
      out_(out, plan.protocol),
      memo_(limits.max_memo_entries),
      next_helper_(plan.free_index) {}

bool Rewriter::on_token(const Token& token) {
  const std::size_t first = next_note_;
  while (next_note_ < plan_.notes.size() && plan_.notes[next_note_].offset == token.offset) {
    ++next_note_;
  }
  const auto notes = plan_.notes.subspan(first, next_note_ - first);
  if (!is_put(token.code->op)) out_.boundary();
  const bool goes = std::any_of(notes.begin(), notes.end(), [](const Note& note) {
    return note.kind == Note::Kind::drop || note.kind == Note::Kind::gather;
  });
  for (const Note& note : notes) obey_before(note, token);
  if (!goes) write(token);
  if (is_put(token.code->op)) remember_as_met(token);
  for (const Note& note : notes) obey_behind(note);
  return true;
}

void Rewriter::obey_before(const Note& note, const Token& token) {
  switch (note.kind) {
    case Note::Kind::class_begins:
      return push(Helper::newobj_ex);
    case Note::Kind::frozenset_begins:
      return push(Helper::frozenset);
    case Note::Kind::pop:
      for (std::uint64_t i = 0; i < note.number; ++i) out_.op(Op::pop);
      return;
    case Note::Kind::gather:
      return write_gathered(token.code->op, note.number);
    default:
      return;
  }
}

void Rewriter::obey_behind(const Note& note) {
  if (note.kind == Note::Kind::set_ends) call(1);
  if (note.kind == Note::Kind::put) remember(note.number);
}

void Rewriter::write(const Token& token) {
  const int protocol = plan_.protocol;
  switch (const Op op = token.code->op) {
    case Op::proto:
    case Op::frame:
      return;
    case Op::stop:
      out_.op(Op::stop);
      return out_.finish();
    case Op::int_:
      return write_integer(token);
    case Op::long_:
      return write_long(token);
    case Op::float_:
      return write_real(out_, real_of(text_of(token.argument)));
    case Op::unicode:
    case Op::binunicode:
    case Op::short_binunicode:
    case Op::binunicode8:
      return write_text(token);
    case Op::binbytes:
    case Op::short_binbytes:
    case Op::binbytes8:
      return write_bytes(token);
    case Op::bytearray8:
      return protocol >= 5 ? copy(token) : write_bytearray(token);
    case Op::readonly_buffer:
      return protocol >= 5 ? copy(token) : refuse(token, "a buffer that is made read-only has");
    case Op::empty_set:
      if (protocol >= 4) return copy(token);
      push(Helper::set);
      return out_.op(Op::empty_list);
    case Op::additems:
      return out_.op(protocol >= 4 ? op : Op::appends);
    case Op::frozenset:
      if (protocol >= 4) return copy(token);
      out_.op(Op::list);
      return call(1);
    case Op::newobj_ex:
      return protocol >= 4 ? copy(token) : call(3);
    case Op::global:
    case Op::inst:
    case Op::stack_global:
      return write_symbol(token);
    case Op::get:
    case Op::binget:
    case Op::long_binget:
      return fetch(sure(memo_index(token)));
    case Op::put:
    case Op::binput:
    case Op::long_binput:
      return remember(sure(memo_index(token)));
    case Op::memoize:
      return remember(memo_.size());
    default:
      return copy(token);
  }
}

void Rewriter::refuse(const Token& token, std::string_view what) const {
  throw Error(Errc::unsupported,
              fmt::format("at byte {} of the payload: {} no form in protocol {}; 5 has one",
                          token.offset, what, plan_.protocol));
}

void Rewriter::copy(const Token& token) {
  const Opcode& code = *token.code;
  if (!token.held) {
    return copy_argument(token, out_.counted_beside(code.op, token.argument_bytes, code.width));
  }
  if (code.argument == Argument::counted) return out_.counted(code.op, token.argument, code.width);
  out_.op(code.op);
  out_.put(text_of(token.argument));
  if (code.argument == Argument::line || code.argument == Argument::two_lines) out_.put("\n");
}

void Rewriter::copy_argument(const Token& token, Sink& sink) const {
  each_piece(token, [&](ByteView piece) { sink.write(piece); });
}

void Rewriter::each_piece(const Token& token, const std::function<void(ByteView)>& body) const {
  if (token.held) return body(token.argument);
  Bytes piece;
  for (std::uint64_t done = 0; done < token.argument_bytes; done += piece.size()) {
    const std::uint64_t left = token.argument_bytes - done;
    piece.resize(static_cast<std::size_t>(std::min(piece_bytes, left)));
    plan_.payload.read_at(token.argument_offset + done, piece);
    body(piece);
  }
}

void Rewriter::write_integer(const Token& token) {
  const std::string_view text = text_of(token.argument);
  if (text == "00") return out_.op(Op::newfalse);
  if (text == "01") return out_.op(Op::newtrue);
  std::int32_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc{} ? write_small_integer(out_, number) : write_long(token);
}

void Rewriter::write_long(const Token& token) {
  std::string_view text = text_of(token.argument);
  if (text.ends_with('L')) text.remove_suffix(1);
  write_large_integer(out_, integer_of_decimal(text));
}

void Rewriter::write_text(const Token& token) {
  if (token.held) return write_text(sure(text_of_push(token, scratch_)));
  const CountedForm form = sure(text_form(token.argument_bytes, plan_.protocol));
  copy_argument(token, out_.counted_beside(form.op, token.argument_bytes, form.width));
}

void Rewriter::write_text(std::string_view text) {
  const CountedForm form = sure(text_form(text.size(), plan_.protocol));
  out_.counted(form.op, bytes_of(text), form.width);
}

void Rewriter::write_bytes(const Token& token) {
  if (plan_.protocol < 3) return write_bytes_as_text(token);
  const CountedForm form = sure(bytes_form(token.argument_bytes, plan_.protocol));
  if (token.held) return out_.counted(form.op, token.argument, form.width);
  copy_argument(token, out_.counted_beside(form.op, token.argument_bytes, form.width));
}

void Rewriter::write_bytes_as_text(const Token& token) {
  if (token.argument_bytes == 0) {
    push(Helper::bytes);
    return call(0);
  }
  std::uint64_t size = 0;
  each_piece(token, [&](ByteView piece) { size += utf8_bytes(piece); });
  if (size > most_in_4_bytes) {
    refuse(token, fmt::format("{} bytes at once have", token.argument_bytes));
  }
  push(Helper::encode);
  if (token.held) {
    Text text;
    write_as_utf8(token.argument, text);
    out_.counted(Op::binunicode, bytes_of(text.text), 4);
  } else {
    Sink& sink = out_.counted_beside(Op::binunicode, size, 4);
    each_piece(token, [&](ByteView piece) { write_as_utf8(piece, sink); });
  }
  push(Helper::latin1);
  call(2);
}

void Rewriter::write_bytearray(const Token& token) {
  push(Helper::bytearray);
  if (token.argument_bytes == 0) return call(0);
  write_bytes(token);
  call(1);
}

void Rewriter::call(std::size_t arguments) {
  write_tuple_end(out_, arguments);
  out_.op(Op::reduce);
}

void Rewriter::write_gathered(Op op, std::uint64_t count) {
  if (op == Op::tuple) return write_tuple_end(out_, static_cast<std::size_t>(count));
  out_.op(op == Op::list ? Op::empty_list : Op::empty_dict);
}

const SymbolPush& Rewriter::next_symbol(const Token& token) {
  const auto& pushes = plan_.machine.pushes();
  const bool is_known = next_push_ < pushes.size() && pushes[next_push_].offset == token.offset;
  return *sure(is_known ? std::optional(&pushes[next_push_++]) : std::nullopt);
}

void Rewriter::write_symbol(const Token& token) {
  const SymbolPush& push = next_symbol(token);
  const Symbol& spelled = plan_.machine.symbols()[push.symbol].symbol;
  const ProtocolName name = protocol_name(spelled, push.protocol, plan_.protocol);
  if (push.form == Form::inst) {
    out_.op(Op::inst);
    return out_.put(fmt::format("{}\n{}\n", name.symbol.module, name.symbol.name));
  }
  if (push.form == Form::stack_global && plan_.protocol >= 4) {
    if (name.symbol == spelled) return copy(token);
    out_.op(Op::pop);
    out_.op(Op::pop);
  }
  for (std::size_t i = 0; i < name.attributes.size(); ++i) this->push(Helper::getattr);
  write_global(name.symbol);
  write_attributes(name.attributes);
}

void Rewriter::write_global(const Symbol& symbol) {
  if (plan_.protocol < 4) {
    out_.op(Op::global);
    return out_.put(fmt::format("{}\n{}\n", symbol.module, symbol.name));
  }
  write_text(symbol.module);
  write_text(symbol.name);
  out_.op(Op::stack_global);
}

void Rewriter::write_attributes(std::span<const std::string> names) {
  for (const std::string& name : names) {
    write_text(name);
    call(2);
  }
}

void Rewriter::fetch(std::uint64_t index) {
  if (index <= most_in_4_bytes) return write_get(out_, index);
  out_.op(Op::get);
  out_.put(fmt::format("{}\n", index));
}

// From protocol 4 on every value has its index in the new pickle when it has it in the old one, so
// that MEMOIZE means the same in both.
void Rewriter::remember(std::uint64_t index) {
  if (plan_.protocol >= 4 && index == memo_.size()) return out_.op(Op::memoize);
  if (index <= most_in_4_bytes) return write_put(out_, index);
  out_.op(Op::put);
  out_.put(fmt::format("{}\n", index));
}

void Rewriter::remember_as_met(const Token& token) {
  memo_.put(token.code->op == Op::memoize ? memo_.size() : sure(memo_index(token)), 1);
}

// Under protocol 4 a helper goes into the memo, behind all that the pickle puts there.
void Rewriter::push(Helper helper) {
  std::uint64_t& known = helpers_[static_cast<std::size_t>(helper)];
  if (known > 0) return write_get(out_, known - 1);
  push_new(helper);
  if (plan_.protocol >= 4 || next_helper_ >= most_in_4_bytes) return;
  write_put(out_, next_helper_);
  known = ++next_helper_;
}

void Rewriter::push_new(Helper helper) {
  static const Symbol symbols[] = {
      {"_codecs", "encode"},   {"builtins", "bytes"},     {"builtins", "bytearray"},
      {"builtins", "set"},     {"builtins", "frozenset"}, {"copyreg", "__newobj_ex__"},
      {"builtins", "getattr"},
  };
  if (helper == Helper::latin1) return write_text("latin1");
  const Symbol& symbol = symbols[static_cast<std::size_t>(helper)];
  ++added_[symbol];
  write_global(protocol_name(symbol, highest_known_protocol, plan_.protocol).symbol);
}

}  // namespace brine::pickle
