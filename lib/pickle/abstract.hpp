// What the symbolic machine knows of a value: its shape, and in 32 bits what the judgement of a
// pickle needs besides.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "pickle/interpreter.hpp"

namespace brine::pickle {

/// What else is known of a value.
enum class Trait : std::uint8_t {
  none,
  hole,     ///< it is no value
  symbols,  ///< a tuple that holds some, or a tuple that does
  old,      ///< such a tuple from the memo; or what a call made, with a state or from the memo
};

struct Abstract {
  Shape shape = Shape::unknown;
  Trait trait = Trait::none;
  /// Of a text: a push in text_pushes(), or under Detail::symbols a number in the TextTable; or one
  /// of the two below. Of a symbol: its index. Of a tuple or dict: its number in Recent. Of
  /// bytes: their number among byte strings. Of a
  /// number: see of_number(). Of what a call made: see of_made().
  std::uint32_t ref = 0;
  friend bool operator==(const Abstract&, const Abstract&) = default;
};
inline constexpr Abstract no_value{Shape::unknown, Trait::hole, 0};
inline constexpr std::uint32_t far_text = ~std::uint32_t{0};       ///< no plain name
inline constexpr std::uint32_t lost_text = ~std::uint32_t{0} - 1;  ///< over the limits

using Abstracts = std::span<const Abstract>;

constexpr bool is_symbol(const Abstract& value) { return value.shape == Shape::symbol; }
constexpr bool is_name(const Abstract& value) {
  return value.shape == Shape::text && value.ref < lost_text;
}

/// A number that is not known, or `number` below 2^31.
constexpr Abstract of_number(std::optional<std::uint32_t> number) {
  return {Shape::scalar, Trait::none, number && *number < (1U << 31) ? *number + 1 : 0};
}
constexpr std::optional<std::uint32_t> number_of(const Abstract& value) {
  if (value.shape != Shape::scalar || value.ref == 0) return std::nullopt;
  return value.ref - 1;
}

/// What a call makes, as far as it matters.
enum class Made : std::uint8_t {
  thing,         ///< or what imported code made otherwise
  plain_dtype,   ///< a numpy dtype of numbers, whose width its code fixes
  sized_dtype,   ///< one of texts, whose width its state says again
  raw_dtype,     ///< one of raw bytes, likewise, to which its state may give fields
  object_dtype,  ///< one of pointers to objects
  other_dtype,   ///< one of which nothing is known
  caller,        ///< functools.partial of a symbol that is noted as called
};

constexpr std::uint32_t most_width = (1U << 29) - 1;

/// `width`: bytes of an item of the dtype, at most most_width.
constexpr Abstract of_made(Made made, std::uint32_t width = 0) {
  return {Shape::unknown, Trait::none, width << 3 | static_cast<std::uint32_t>(made)};
}
constexpr Made made_of(const Abstract& value) {
  return value.shape == Shape::unknown ? static_cast<Made>(value.ref & 7) : Made::thing;
}
constexpr std::uint32_t width_of(const Abstract& value) { return value.ref >> 3; }
/// What a call of symbol number `maker` made, a `thing`; and that number, where it is one.
constexpr Abstract of_maker(std::uint32_t maker) {
  return of_made(Made::thing, maker < most_width ? maker + 1 : 0);
}
constexpr std::optional<std::uint32_t> maker_of(const Abstract& value) {
  const bool is_known = value.shape == Shape::unknown && made_of(value) == Made::thing &&
                        width_of(value) > 0;
  return is_known ? std::optional(width_of(value) - 1) : std::nullopt;
}

constexpr bool is_dtype(const Abstract& value) {
  const Made made = made_of(value);
  return made >= Made::plain_dtype && made <= Made::other_dtype;
}

}  // namespace brine::pickle
