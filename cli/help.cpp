#include "help.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "brine/error.hpp"
#include "command_line.hpp"
#include "suggest.hpp"
#include "wrap.hpp"

namespace brine::cli {
namespace {

constexpr std::size_t columns = 80;

// One row of a two-column list; a term that is too long gets a line of its own.
std::string listed(std::string_view term, std::size_t width, std::string_view text) {
  const std::string start = fmt::format("  {:<{}}", term, width);
  if (term.size() + 2 <= width) return wrapped(start, width + 2, text, columns);
  return fmt::format("  {}\n", term) +
         wrapped(std::string(width + 2, ' '), width + 2, text, columns);
}

std::string term_of(const OptionRow& option) {
  const std::size_t comma = option.flags.find(',');
  std::string term =
      comma == std::string_view::npos
          ? fmt::format("    {}", option.flags)
          : fmt::format("{}, {}", option.flags.substr(0, comma), option.flags.substr(comma + 1));
  if (!option.value.empty()) term += fmt::format(" {}", option.value);
  return term;
}

std::string listed_options(std::span<const OptionRow> options) {
  std::string text;
  for (const OptionRow& option : options) text += listed(term_of(option), 30, option.help);
  return text;
}

std::string listed_global_options() {
  return listed_options(global_options()) + listed("-h, --help", 30, "this, or that of a verb") +
         listed("    --version", 30, "print the version");
}

std::string listed_verbs(std::string_view group) {
  std::string text;
  for (const VerbRow& verb : verbs()) {
    if (group.empty() || group_of(verb.name) == group) text += listed(verb.name, 16, verb.summary);
  }
  return text;
}

const VerbRow* find_verb(std::string_view name) {
  const auto rows = verbs();
  const auto row = std::find_if(rows.begin(), rows.end(),
                                [&](const VerbRow& verb) { return verb.name == name; });
  return row == rows.end() ? nullptr : &*row;
}

bool is_group(std::string_view name) {
  return std::any_of(verbs().begin(), verbs().end(),
                     [&](const VerbRow& verb) { return group_of(verb.name) == name; });
}

std::string help_of_group(std::string_view group) {
  std::string more;
  for (const VerbRow& verb : verbs()) {
    if (group_of(verb.name) == group && !verb.more.empty()) more += fmt::format("\n{}", verb.more);
  }
  return fmt::format("usage: brine {} VERB\n\nVerbs:\n{}{}\nOne page each: brine help {} VERB\n",
                     group, listed_verbs(group), more, group);
}

// The names that may follow `group`: verbs of brine and first words of groups, or second words.
std::vector<std::string_view> names_in(std::string_view group) {
  std::vector<std::string_view> names;
  for (const VerbRow& verb : verbs()) {
    const std::string_view own = group_of(verb.name);
    if (own == group) names.push_back(verb.name.substr(own.empty() ? 0 : own.size() + 1));
    if (group.empty() && !own.empty()) names.push_back(own);
  }
  if (group.empty()) names.push_back("help");
  return names;
}

}  // namespace

std::string overview() {
  return "brine keeps checkpoints: small, verified, and every old pickle in them still\n"
         "loads.\n"
         "\n"
         "Examples:\n"
         "  brine init\n"
         "  brine save resnet model.pkl --step 1200 --metric loss=0.31\n"
         "  brine log resnet\n"
         "  brine load resnet@good -o model.pkl --fallback\n"
         "\n"
         "usage: brine VERB [options]\n"
         "\n"
         "Verbs:\n" +
         listed_verbs({}) + "\nOptions of every verb:\n" + listed_global_options() +
         "\nReferences (REF):\n" +
         wrapped("  ", 2,
                 "LINE, LINE:17, LINE@latest, LINE@good, LINE@best(metric), LINE@best(-loss), "
                 "LINE@step=1200, LINE@TAG, LINE~2, or four digits or more of an id",
                 columns) +
         "\nOne page each: brine help VERB\n";
}

std::string usage_of(const VerbRow& verb) {
  std::string text = fmt::format("brine {}", verb.name);
  for (const PositionalRow& row : verb.positionals) {
    text +=
        row.need == Need::required ? fmt::format(" {}", row.name) : fmt::format(" [{}]", row.name);
  }
  return text + (verb.options.empty() ? "" : " [options]");
}

std::string help_of(const VerbRow& verb) {
  std::string text = fmt::format("usage: {}\n\n{}.\n\nExample:\n  {}\n", usage_of(verb),
                                 verb.summary, verb.example);
  if (!verb.more.empty()) text += fmt::format("\n{}", verb.more);
  if (!verb.options.empty()) text += "\nOptions:\n" + listed_options(verb.options);
  return text + "\nOptions of every verb:\n" + listed_global_options();
}

std::string help_for(const std::vector<std::string>& words) {
  std::string group;
  for (const std::string& word : words) {
    if (word.starts_with('-') || (word == "help" && group.empty())) continue;
    const std::string name = group.empty() ? word : fmt::format("{} {}", group, word);
    if (const VerbRow* verb = find_verb(name)) return help_of(*verb);
    if (!group.empty() || !is_group(word)) throw_unknown_verb(words, group, word);
    group = word;
  }
  return group.empty() ? overview() : help_of_group(group);
}

void throw_unknown_verb(const std::vector<std::string>& words, std::string_view group,
                        std::string_view name) {
  const std::string start = group.empty() ? "brine" : fmt::format("brine {}", group);
  const auto near = closest(name, names_in(group));
  const auto mended = near ? with_word(words, name, std::string(*near)) : std::nullopt;
  throw Error(Errc::usage, fmt::format("{} has no verb '{}'", start, name),
              mended ? command_of(*mended)
                     : fmt::format("brine help{}{}", group.empty() ? "" : " ", group));
}

}  // namespace brine::cli
