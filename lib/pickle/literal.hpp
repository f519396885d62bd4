// Numbers and texts that are spelled out: which of them the C unpickler takes, and what texts say.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "pickle/token.hpp"

namespace brine::pickle {

/// Returns what is wrong with the line of a number, a text or PERSID; empty: nothing.
std::string literal_problem(const Token& token);

/// Returns the text that a held push brings, as UTF-8; where it has escapes, `scratch` holds it.
/// Nothing where the loader decides what the bytes mean (a Python 2 str beyond ASCII).
/// Requires: literal_problem() finds nothing. Lifetime: of the token and of `scratch`.
std::optional<std::string_view> text_of_push(const Token& token, std::string& scratch);

/// Whether the code points U+D800 to U+DFFF may stand alone, as they may in a Python str.
enum class Surrogates { refused, passed };

/// Says whether `text` is such as picklers write for module and qualified names, `<lambda>` and
/// `<locals>` included: no blanks, quotes or backslashes, and at most 256 bytes, or 4,096 where it
/// holds a dot.
bool is_plain_name(std::string_view text);

bool is_utf8(std::string_view text, Surrogates surrogates);

}  // namespace brine::pickle
