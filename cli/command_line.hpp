// The words of a command line, mended and written so that they can be pasted.
#pragma once

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace brine::cli {

using Words = std::vector<std::string>;

/// Returns `brine` and the words, each as one word of a shell.
std::string command_of(const Words& words);

/// Returns the words with `extra` behind them, but in front of a `--`.
Words with(Words words, const Words& extra);

/// Returns the words without those among `flags`, but for values of options and behind a `--`.
Words without(const Words& words, std::initializer_list<std::string_view> flags);

/// Returns the words with the first `old` replaced that is not the value of an option; nothing
/// where there is none.
std::optional<Words> with_word(Words words, std::string_view old, const std::string& word);

/// Returns the words with `value` in place of `old` after `option`: `--output` or `-o`.
Words with_value(Words words, std::string_view option, std::string_view old,
                 const std::string& value);

/// Returns the value of `option`, the last one of several.
std::optional<std::string> value_of(const Words& words, std::string_view option);

}  // namespace brine::cli
