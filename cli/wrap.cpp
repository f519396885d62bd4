#include "wrap.hpp"

#include <algorithm>
#include <vector>

namespace brine::cli {
namespace {

constexpr std::size_t widest_label = 14;  // a column that starts later is part of a sentence
constexpr std::size_t id_digits = 64;
constexpr std::size_t shown_digits = 12;

// Returns the byte behind the colour that begins at `at`, or `at`.
std::size_t behind_colour(std::string_view text, std::size_t at) noexcept {
  if (text.substr(at, 2) != "\x1b[") return at;
  const std::size_t end = text.find('m', at);
  return end == std::string_view::npos ? at : end + 1;
}

bool continues_character(char c) noexcept { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }

void cut_trailing_blanks(std::string& line) { line.erase(line.find_last_not_of(' ') + 1); }

// Returns the byte where the second column of `line` begins, else where its text begins.
std::size_t start_of_text(std::string_view line) noexcept {
  const std::size_t first = std::min(line.find_first_not_of(' '), line.size());
  const std::size_t gap = line.find("  ", first);
  if (gap == std::string_view::npos) return first;
  const std::size_t start = line.find_first_not_of(' ', gap);
  const bool is_column =
      start != std::string_view::npos && columns_of(line.substr(0, start)) <= widest_label;
  return is_column ? start : first;
}

std::string wrapped_line(std::string_view line, std::size_t columns) {
  if (columns_of(line) <= columns) return std::string(line) + '\n';
  const std::size_t start = start_of_text(line);
  const std::size_t indent = columns_of(line.substr(0, start));
  const bool is_label = start > line.find_first_not_of(' ');
  return wrapped(std::string(line.substr(0, start)), is_label ? indent : indent + 2,
                 line.substr(start), columns);
}

// A blank inside quotes belongs to its word.
std::vector<std::string_view> shell_words(std::string_view command) {
  std::vector<std::string_view> words;
  bool quoted = false;
  std::size_t start = 0;
  for (std::size_t i = 0; i <= command.size(); ++i) {
    if (i == command.size() || (command[i] == ' ' && !quoted)) {
      words.push_back(command.substr(start, i - start));
      start = i + 1;
    } else if (command[i] == '\'') {
      quoted = !quoted;
    }
  }
  return words;
}

bool is_digit(char c) noexcept { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); }

}  // namespace

std::size_t columns_of(std::string_view text) noexcept {
  std::size_t columns = 0;
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t behind = behind_colour(text, i);
    if (behind == i) columns += continues_character(text[i]) ? 0 : 1;
    i = std::max(behind, i + 1);
  }
  return columns;
}

std::string wrapped(std::string line, std::size_t indent, std::string_view text,
                    std::size_t columns) {
  std::string out;
  while (!text.empty()) {
    const std::string_view word = text.substr(0, text.find(' '));
    const bool has_text = columns_of(line) > indent;
    if (has_text && columns_of(line) + columns_of(word) > columns) {
      cut_trailing_blanks(line);
      out += line + '\n';
      line = std::string(indent, ' ');
    }
    line += word;
    line += ' ';
    text.remove_prefix(std::min(text.size(), word.size() + 1));
  }
  cut_trailing_blanks(line);
  return out + line + '\n';
}

std::string wrapped_lines(std::string_view text, std::size_t columns) {
  std::string out;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    out += wrapped_line(line, columns);
    text.remove_prefix(std::min(text.size(), line.size() + 1));
  }
  return out;
}

std::string wrapped_command(std::string line, std::size_t indent, std::string_view command,
                            std::size_t columns) {
  constexpr std::size_t mark = 2;  // a blank and the backslash
  std::string out;
  bool is_first = true;
  const std::vector<std::string_view> words = shell_words(command);
  for (const std::string_view& word : words) {
    const bool is_last = &word == &words.back();
    const std::size_t room = columns - std::min(columns, is_last ? 0 : mark);
    if (!is_first && columns_of(line) + 1 + columns_of(word) > room) {
      out += line + " \\\n";
      line = std::string(indent, ' ');
      is_first = true;
    }
    if (!is_first) line += ' ';
    line += word;
    is_first = false;
  }
  return out + line + '\n';
}

std::string with_short_ids(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const auto end = std::find_if_not(text.begin(), text.end(), is_digit);
    const auto run = static_cast<std::size_t>(end - text.begin());
    out += text.substr(0, run == id_digits ? shown_digits : run);
    text.remove_prefix(run);
    if (!text.empty()) {
      out += text.front();
      text.remove_prefix(1);
    }
  }
  return out;
}

}  // namespace brine::cli
