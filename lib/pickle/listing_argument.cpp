#include "pickle/listing_argument.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>

#include "base/arithmetic.hpp"
#include "pickle/literal.hpp"
#include "pickle/python_literal.hpp"

namespace brine::pickle {
namespace {

constexpr std::uint64_t piece_bytes = 1U << 16;
// 10^4300 takes 1,786 bytes; what is longer prints only where the rest repeats the sign.
constexpr std::size_t longest_integer = 1800;

constexpr std::array<ArgumentKind, 256> kinds_by_byte() {
  using enum Op;
  std::array<ArgumentKind, 256> table{};
  const auto set = [&](ArgumentKind kind, std::initializer_list<Op> ops) {
    for (const Op op : ops) table[static_cast<std::uint8_t>(op)] = kind;
  };
  set(ArgumentKind::unsigned_number,
      {binint1, binint2, proto, ext1, ext2, binget, binput, long_binget, long_binput, frame});
  set(ArgumentKind::signed_number, {binint, ext4});
  set(ArgumentKind::big_number, {long1, long4});
  set(ArgumentKind::float8, {binfloat});
  set(ArgumentKind::digits, {int_, long_, get, put});
  set(ArgumentKind::float_text, {float_});
  set(ArgumentKind::quoted, {string});
  set(ArgumentKind::escaped, {persid, global, inst});
  set(ArgumentKind::raw_unicode, {unicode});
  set(ArgumentKind::latin1, {binstring, short_binstring});
  set(ArgumentKind::utf8, {short_binunicode, binunicode, binunicode8});
  set(ArgumentKind::bytes, {short_binbytes, binbytes, binbytes8});
  set(ArgumentKind::bytearray, {bytearray8});
  return table;
}
constexpr std::array<ArgumentKind, 256> indexed = kinds_by_byte();

std::int64_t sign_extended(std::uint64_t value, std::size_t width) {
  const auto shift = static_cast<unsigned>(64 - 8 * width);
  return shift == 64 ? 0 : static_cast<std::int64_t>(value << shift) >> shift;
}

double big_endian_double(ByteView bytes) {
  std::uint64_t bits = 0;
  for (const std::byte b : bytes) bits = bits << 8 | std::to_integer<std::uint64_t>(b);
  return std::bit_cast<double>(bits);
}

Spelling spelling_of(ArgumentKind kind) {
  switch (kind) {
    case ArgumentKind::bytes:
      return Spelling::bytes;
    case ArgumentKind::bytearray:
      return Spelling::bytearray;
    case ArgumentKind::latin1:
      return Spelling::latin1;
    default:
      return Spelling::utf8;
  }
}

}  // namespace

const std::array<ArgumentKind, 256> argument_kinds = indexed;

// Shows the content from front to end, in one piece where it is held; a text is never cut inside a
// character. `visit` returns false to end it.
template <typename Visit>
bool ListingArgument::each_piece(Visit visit) const {
  if (token_->held) return visit(text_of(token_->argument));
  Bytes buffer(piece_bytes);
  std::uint64_t done = 0;
  while (done < token_->argument_bytes) {
    const std::uint64_t rest = token_->argument_bytes - done;
    const ByteSpan piece = ByteSpan(buffer).first(std::min(rest, piece_bytes));
    payload_.read_at(token_->argument_offset + done, piece);
    std::string_view text = text_of(piece);
    if (kind_ == ArgumentKind::utf8 && rest > piece.size()) {
      text = text.substr(0, whole_characters(text));
    }
    if (!visit(text)) return false;
    done += text.size();
  }
  return true;
}

std::optional<std::string> ListingArgument::read(const Token& token) {
  token_ = &token;
  kind_ = argument_kinds[static_cast<std::uint8_t>(token.code->op)];
  has_too_many_digits_ = false;
  if (!token.held && token.end > payload_.size()) return "it ends before its STOP";
  switch (kind_) {
    case ArgumentKind::none:
      return {};
    case ArgumentKind::unsigned_number:
    case ArgumentKind::signed_number:
      number_ = base::little_endian(token.argument.data(), token.argument.size());
      return {};
    case ArgumentKind::big_number:
      return read_big_number();
    case ArgumentKind::float8:
      float_ = big_endian_double(token.argument);
      return {};
    case ArgumentKind::digits:
      return read_digits();
    case ArgumentKind::float_text:
      return read_float_text();
    case ArgumentKind::quoted:
      return read_quoted();
    case ArgumentKind::escaped:
      return read_escaped();
    case ArgumentKind::raw_unicode:
      return take_text(from_raw_unicode_escape(text_of(token.argument)));
    default:
      return read_content();
  }
}

ListingArgument::Problem ListingArgument::take_text(std::optional<std::string> text) {
  if (!text) return fmt::format("the argument of {} cannot be read", token_->code->name);
  text_ = std::move(*text);
  return {};
}

ListingArgument::Problem ListingArgument::read_digits() {
  std::string_view text = text_of(token_->argument);
  if (token_->code->op == Op::long_ && text.ends_with('L')) text.remove_suffix(1);
  return take_text(read_integer(text));
}

ListingArgument::Problem ListingArgument::read_float_text() {
  const auto value = read_float(text_of(token_->argument));
  if (!value) return "the argument of FLOAT is no number";
  float_ = *value;
  return {};
}

ListingArgument::Problem ListingArgument::read_quoted() {
  const auto content = without_quotes(text_of(token_->argument));
  if (!content) return "the text of STRING is not in quotes";
  return take_text(unescaped(*content));
}

ListingArgument::Problem ListingArgument::read_escaped() {
  const std::string_view text = text_of(token_->argument);
  const std::size_t cut = text.find('\n');  // of GLOBAL and INST
  if (cut == std::string_view::npos) return take_text(unescaped(text));
  const auto module = unescaped(text.substr(0, cut));
  const auto name = unescaped(text.substr(cut + 1));
  return take_text(module && name ? std::optional(*module + ' ' + *name) : std::nullopt);
}

ListingArgument::Problem ListingArgument::read_content() {
  is_plain_ = token_->held && is_plain(text_of(token_->argument));
  quote_ = '\'';
  if (is_plain_) return {};
  QuoteChoice choice;
  const bool is_text = kind_ == ArgumentKind::utf8;
  const bool is_valid = each_piece([&](std::string_view piece) {
    if (is_text && !is_utf8(piece, Surrogates::passed)) return false;
    choice.see(piece);
    return is_text || !choice.is_settled();
  });
  if (is_text && !is_valid) return fmt::format("the text of {} is no UTF-8", token_->code->name);
  quote_ = choice.quote();
  return {};
}

ListingArgument::Problem ListingArgument::read_big_number() {
  const ByteView bytes = token_->argument;
  if (token_->argument_bytes > 8) {
    read_long_number();
  } else {
    const std::uint64_t value = base::little_endian(bytes.data(), bytes.size());
    text_ = fmt::format_int(sign_extended(value, bytes.size())).str();
  }
  return {};
}

void ListingArgument::read_long_number() {
  Bytes low;
  bool zeros = true;
  bool ones = true;
  each_piece([&](std::string_view piece) {
    const ByteView front = bytes_of(piece.substr(0, longest_integer - low.size()));
    low.insert(low.end(), front.begin(), front.end());
    piece.remove_prefix(front.size());
    zeros = zeros && piece.find_first_not_of('\0') == std::string_view::npos;
    ones = ones && piece.find_first_not_of('\xff') == std::string_view::npos;
    return zeros || ones;
  });
  if (token_->argument_bytes > low.size()) low.push_back(zeros ? std::byte{0} : std::byte{0xff});
  text_ = zeros || ones ? decimal_digits(low) : std::string();
  const std::size_t digits = text_.size() - (text_.starts_with('-') ? 1 : 0);
  has_too_many_digits_ = digits == 0 || digits > most_digits;
}

void ListingArgument::put(TextBuffer& out) const {
  switch (kind_) {
    case ArgumentKind::none:
      return;
    case ArgumentKind::unsigned_number:
      return out.put_number(number_);
    case ArgumentKind::signed_number:
      return out.put_number(sign_extended(number_, token_->argument.size()));
    case ArgumentKind::big_number:
      return out.put(text_);
    case ArgumentKind::digits:
      return put_digits(out);
    case ArgumentKind::float8:
    case ArgumentKind::float_text:
      return put_repr(out, float_);
    case ArgumentKind::quoted:
    case ArgumentKind::escaped:
    case ArgumentKind::raw_unicode:
      return put_repr(out, Spelling::utf8, text_);
    default:
      return put_content(out);
  }
}

// INT, and with it GET and PUT, spell False and True so.
void ListingArgument::put_digits(TextBuffer& out) const {
  const std::string_view text = text_of(token_->argument);
  const bool is_bool = token_->code->op != Op::long_ && (text == "00" || text == "01");
  if (!is_bool) return out.put(text_);
  out.put(text == "00" ? "False" : "True");
}

void ListingArgument::put_content(TextBuffer& out) const {
  const Spelling spelling = spelling_of(kind_);
  put_opening(out, spelling, quote_);
  each_piece([&](std::string_view piece) {
    if (is_plain_) {
      out.put(piece);
    } else {
      pickle::put_content(out, spelling, quote_, piece);
    }
    return true;
  });
  put_closing(out, spelling, quote_);
}

}  // namespace brine::pickle
