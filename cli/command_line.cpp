#include "command_line.hpp"

#include <algorithm>

#include "brine/hint.hpp"
#include "verb_table.hpp"

namespace brine::cli {
namespace {

bool is_among(std::span<const OptionRow> options, std::string_view word) {
  return std::any_of(options.begin(), options.end(), [&](const OptionRow& row) {
    const std::string_view shorter = row.flags.substr(0, row.flags.find(','));
    return !row.value.empty() && (word == long_form(row.flags) || word == shorter);
  });
}

// Of whichever verb: the options of all verbs agree on what takes a value.
bool takes_value(std::string_view word) {
  if (is_among(global_options(), word)) return true;
  return std::any_of(verbs().begin(), verbs().end(),
                     [&](const VerbRow& verb) { return is_among(verb.options, word); });
}

Words::const_iterator end_of_options(const Words& words) {
  return std::find(words.begin(), words.end(), "--");
}

}  // namespace

std::string command_of(const Words& words) {
  std::string command = "brine";
  for (const std::string& word : words) command += ' ' + shell_word(word);
  return command;
}

Words with(Words words, const Words& extra) {
  words.insert(end_of_options(words), extra.begin(), extra.end());
  return words;
}

Words without(const Words& words, std::initializer_list<std::string_view> flags) {
  Words rest;
  const auto end = end_of_options(words);
  for (auto word = words.begin(); word < words.end(); ++word) {
    const bool is_value = word != words.begin() && takes_value(*std::prev(word));
    const bool is_flag = std::find(flags.begin(), flags.end(), *word) != flags.end();
    if (!is_flag || is_value || word >= end) rest.push_back(*word);
  }
  return rest;
}

std::optional<Words> with_word(Words words, std::string_view old, const std::string& word) {
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (i > 0 && takes_value(words[i - 1])) continue;
    if (words[i] != old) continue;
    words[i] = word;
    return words;
  }
  return std::nullopt;
}

Words with_value(Words words, std::string_view option, std::string_view old,
                 const std::string& value) {
  const std::string joined = std::string(option) + (option.starts_with("--") ? "=" : "");
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (words[i] == option && i + 1 < words.size() && words[i + 1] == old) words[i + 1] = value;
    if (words[i] == joined + std::string(old)) words[i] = joined + value;
  }
  return words;
}

std::optional<std::string> value_of(const Words& words, std::string_view option) {
  const std::string joined = std::string(option) + '=';
  std::optional<std::string> value;
  const auto end = end_of_options(words);
  for (auto word = words.begin(); word < end; ++word) {
    if (word->starts_with(joined)) value = word->substr(joined.size());
    if (*word == option && std::next(word) < end) value = *std::next(word);
  }
  return value;
}

}  // namespace brine::cli
