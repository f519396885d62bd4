// What Python 3.11's repr() writes for bytes, bytearrays, texts and floats; texts and bytes of any
// length in pieces. Source: CPython Objects/unicodeobject.c, bytesobject.c, bytearrayobject.c,
// Python/pystrtod.c; facts only.
#pragma once

#include "pickle/text_buffer.hpp"

namespace brine::pickle {

/// What a run of bytes stands for.
enum class Spelling : std::uint8_t {
  bytes,
  bytearray,
  latin1,  ///< a text, each byte a code point
  utf8,    ///< a text; surrogates may stand alone
};

/// Says whether repr() changes nothing of `text` and puts it into single quotes.
bool is_plain(std::string_view text) noexcept;

/// The quote that repr() chooses: the double one where there are single ones only.
class QuoteChoice {
 public:
  void see(std::string_view piece);
  /// Whether no further piece can change it.
  bool is_settled() const noexcept { return has_double_; }
  char quote() const noexcept { return has_single_ && !has_double_ ? '"' : '\''; }

 private:
  bool has_single_ = false;
  bool has_double_ = false;
};

/// Puts what stands in front of the content, such as `b'`.
void put_opening(TextBuffer& out, Spelling spelling, char quote);

/// Puts a piece of the content. Requires: utf8 is valid, no piece ends inside a character.
void put_content(TextBuffer& out, Spelling spelling, char quote, std::string_view piece);

/// Puts what stands behind the content.
void put_closing(TextBuffer& out, Spelling spelling, char quote);

/// The three in turn, for content that is at hand.
void put_repr(TextBuffer& out, Spelling spelling, std::string_view content);

void put_repr(TextBuffer& out, double value);

/// Returns how much of a piece of valid UTF-8 is whole characters.
std::size_t whole_characters(std::string_view piece);

}  // namespace brine::pickle
