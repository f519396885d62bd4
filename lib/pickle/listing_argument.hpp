// The argument of an opcode: checked and decoded first, printed as repr() would print it second.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include "pickle/python_repr.hpp"
#include "pickle/token.hpp"

namespace brine::pickle {

/// What an argument stands for.
enum class ArgumentKind : std::uint8_t {
  none,
  unsigned_number,
  signed_number,
  big_number,
  float8,
  digits,
  float_text,
  quoted,
  escaped,
  raw_unicode,
  latin1,
  utf8,
  bytes,
  bytearray,
};

/// Every byte's kind.
extern const std::array<ArgumentKind, 256> argument_kinds;

/// Holds one argument after the other. A large one stays in the payload and is read in pieces, once
/// for read() and once for put().
class ListingArgument {
 public:
  /// Lifetime: borrows `payload`.
  explicit ListingArgument(const RandomSource& payload) : payload_(payload) {}

  /// Returns why pickletools cannot read the argument, or nothing. Lifetime: borrows `token` until
  /// the next call.
  std::optional<std::string> read(const Token& token);

  bool is_there() const noexcept { return kind_ != ArgumentKind::none; }
  /// Whether it is an integer with more digits than Python prints; then put() cannot be called.
  bool has_too_many_digits() const noexcept { return has_too_many_digits_; }
  /// Of an argument of fixed width, unsigned.
  std::uint64_t number() const noexcept { return number_; }
  /// Of an integer that is spelled out: its digits.
  const std::string& digits() const noexcept { return text_; }

  void put(TextBuffer& out) const;

 private:
  using Problem = std::optional<std::string>;

  Problem take_text(std::optional<std::string> text);
  Problem read_digits();
  Problem read_float_text();
  Problem read_quoted();
  Problem read_escaped();
  Problem read_content();
  Problem read_big_number();
  void read_long_number();
  void put_digits(TextBuffer& out) const;
  void put_content(TextBuffer& out) const;
  template <typename Visit>
  bool each_piece(Visit visit) const;

  const RandomSource& payload_;
  const Token* token_ = nullptr;
  ArgumentKind kind_ = ArgumentKind::none;
  std::uint64_t number_ = 0;
  double float_ = 0;
  std::string text_;  // UTF-8, or digits
  bool has_too_many_digits_ = false;
  bool is_plain_ = false;  // content that repr() changes nothing of
  char quote_ = '\'';
};

}  // namespace brine::pickle
