#include "brine/hint.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <system_error>

#include "base/text.hpp"

namespace brine {
namespace {

constexpr std::string_view program = "brine ";
constexpr std::array<std::string_view, 4> storeless{"init", "help", "version", "scan"};

// Options of every verb may stand behind it too.
bool names_store(std::string_view hint) {
  return hint.find(" --store ") != hint.npos || hint.find(" --store=") != hint.npos ||
         hint.find(" '--store=") != hint.npos;
}

bool wants_store(std::string_view hint) {
  if (!hint.starts_with(program) || hint.ends_with("--help")) return false;
  const std::string_view rest = hint.substr(program.size());
  const std::string_view verb = rest.substr(0, rest.find(' '));
  return rest != "--version" &&
         std::find(storeless.begin(), storeless.end(), verb) == storeless.end();
}

}  // namespace

// A `~` means a home at the front of a word only.
std::string shell_word(std::string_view text) {
  constexpr std::string_view harmless = "/._-+:@=,%~";
  const bool plain = std::all_of(text.begin(), text.end(), [&](unsigned char c) {
    return std::isalnum(c) || harmless.find(static_cast<char>(c)) != harmless.npos;
  });
  if (plain && !text.empty() && text.front() != '~') return std::string(text);
  std::string word = "'";
  for (const char c : text) word += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return word + "'";
}

std::string for_store(std::string_view hint, const std::filesystem::path& root) {
  if (!wants_store(hint) || names_store(hint)) return std::string(hint);
  return std::string(program) + "--store " + shell_word(root.string()) + " " +
         std::string(hint.substr(program.size()));
}

std::string at_place(std::string_view tool, const std::filesystem::path& path) {
  std::error_code ignored;
  std::filesystem::path place = path;
  while (!place.empty() && !std::filesystem::is_directory(place, ignored)) {
    const std::filesystem::path above = place.parent_path();
    if (above == place) break;
    place = above;
  }
  if (place.empty()) place = ".";
  return std::string(tool) + " " + shell_word(base::printable(place.string()));
}

}  // namespace brine
