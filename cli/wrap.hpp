// Lines cut at blanks, so that a terminal does not cut them inside words.
#pragma once

#include <string>
#include <string_view>

namespace brine::cli {

/// Returns how many columns a terminal needs for `text`: colours take none, UTF-8 one a character.
std::size_t columns_of(std::string_view text) noexcept;

/// Appends `text` word by word from the column where `line` ends, with `indent` on further lines.
/// Ends with a line feed.
std::string wrapped(std::string line, std::size_t indent, std::string_view text,
                    std::size_t columns);

/// Cuts the lines of `text` that are longer than `columns`. What follows is indented like the
/// second column of the line, where it has two blanks in front of one.
std::string wrapped_lines(std::string_view text, std::size_t columns);

/// Cuts a command at blanks between its words, with a `\` at the end of each line but the last: it
/// can still be pasted. Further lines are indented by `indent`.
std::string wrapped_command(std::string line, std::size_t indent, std::string_view command,
                            std::size_t columns);

/// Returns `text` with the first twelve digits of each id in it: a SHA-256 is half a line of
/// nothing that people read.
std::string with_short_ids(std::string_view text);

}  // namespace brine::cli
