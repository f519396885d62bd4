// The one file that sees CLI11, which costs 15 s to compile. It splits words; names, values and
// every sentence come from the verb table.
#include "arguments.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "brine/error.hpp"
#include "command_line.hpp"
#include "help.hpp"
#include "store_location.hpp"
#include "suggest.hpp"
#include "verb_table.hpp"

namespace brine::cli {
namespace {

struct Bound {
  CLI::Option* option;
  const OptionRow* row;  // null: a positional
  Setter set;
};

// Returns the line with the option that `word` is like in its place; nothing if it is like none.
std::optional<Words> with_near_option(const Words& words, std::span<const OptionRow> options,
                                      std::string_view word) {
  std::vector<const OptionRow*> rows;
  std::vector<std::string_view> names;
  for (const auto& list : {options, global_options()}) {
    for (const OptionRow& row : list) {
      rows.push_back(&row);
      names.push_back(long_form(row.flags));
    }
  }
  const std::size_t equals = word.find('=');
  const auto near = closest(word.substr(0, equals), names);
  if (!near) return std::nullopt;
  const auto at = std::find(names.begin(), names.end(), *near) - names.begin();
  const bool has_value =
      equals != std::string_view::npos && !rows[static_cast<std::size_t>(at)]->value.empty();
  return with_word(words, word,
                   std::string(*near) + std::string(has_value ? word.substr(equals) : ""));
}

[[noreturn]] void throw_unknown_option(const Words& words, std::string_view verb,
                                       std::span<const OptionRow> options, std::string_view word) {
  const std::string command = verb.empty() ? "brine" : fmt::format("brine {}", verb);
  const auto mended = with_near_option(words, options, word);
  throw Error(Errc::usage,
              fmt::format("{} has no option '{}'", command, word.substr(0, word.find('='))),
              mended ? command_of(*mended) : fmt::format("{} --help", command));
}

// Returns what helps with a value that `row` refused.
std::string hint_for_value(const Arguments& arguments, const OptionRow* row,
                           const std::string& value) {
  if (row != nullptr && row->flags == "--codec") {
    return command_of(with_value(arguments.words, "--codec", value, nearest_codec(value)));
  }
  if (row != nullptr && row->flags == "--protocol") {
    return command_of(with_value(arguments.words, "--protocol", value, nearest_protocol(value)));
  }
  if (row != nullptr && row->flags == "--to") {
    return command_of(with_value(arguments.words, "--to", value, "json"));
  }
  return fmt::format("brine help {}", arguments.verb->name);
}

// Gives an error of a value the line without it, or the page that explains it.
void set_value(const Bound& bound, Arguments& arguments, const std::string& value) {
  const bool is_flag = bound.row != nullptr && bound.row->value.empty();
  try {
    if (is_flag && value != "true") {
      throw Error(Errc::usage, fmt::format("{} takes no value", long_form(bound.row->flags)));
    }
    bound.set(arguments, value);
  } catch (const Error& error) {
    throw Error(error.code(), error.what(), hint_for_value(arguments, bound.row, value));
  }
}

// A reference is chosen from the log, if there is one; the example of a save has a file for a line
// that has none.
std::string hint_for_missing(const Words& words, const VerbRow& verb, const PositionalRow& row) {
  GlobalArguments global;
  global.store = value_of(words, "--store");
  if ((row.name == "REF" || verb.name == "show") && has_store(global)) return "brine log";
  if (verb.name == "save" && row.name == "FILE") return command_of(with(words, {"model.pkl"}));
  return fmt::format("brine help {}", verb.name);
}

class Parser {
 public:
  explicit Parser(const Words& words);
  Arguments parse();

 private:
  void add(const VerbRow& verb);
  void bind(CLI::App& app, const OptionRow& row);
  void split();
  const VerbRow& chosen() const;
  void refuse_strangers() const;
  void require_positionals(const VerbRow& verb) const;

  const Words& words_;
  CLI::App app_;
  std::map<std::string_view, CLI::App*> verbs_;
  std::vector<Bound> bound_;
};

// Options of brine may stand behind the verb, but no word behind a verb is a second verb.
Parser::Parser(const Words& words) : words_(words) {
  app_.set_help_flag();
  app_.allow_extras();
  app_.fallthrough();
  app_.require_subcommand(0, 1);
  for (const OptionRow& row : global_options()) bind(app_, row);
  for (const VerbRow& verb : verbs()) add(verb);
}

void Parser::add(const VerbRow& verb) {
  const std::string_view group = group_of(verb.name);
  CLI::App* parent = &app_;
  if (!group.empty()) {
    CLI::App*& app = verbs_[group];
    if (app == nullptr) app = app_.add_subcommand(std::string(group))->require_subcommand(0, 1);
    parent = app;
  }
  const std::string_view word = group.empty() ? verb.name : verb.name.substr(group.size() + 1);
  CLI::App& app = *parent->add_subcommand(std::string(word));
  verbs_[verb.name] = &app;
  for (const PositionalRow& row : verb.positionals) {
    bound_.push_back({app.add_option(std::string(row.name)), nullptr, row.set});
  }
  for (const OptionRow& row : verb.options) bind(app, row);
}

void Parser::bind(CLI::App& app, const OptionRow& row) {
  const std::string flags(row.flags);
  CLI::Option* option = row.value.empty() ? app.add_flag(flags) : app.add_option(flags);
  // Each use takes one value; of an option that is no list, the last use wins.
  option->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  bound_.push_back({option, &row, row.set});
}

void Parser::split() {
  const auto cut = std::find_if(words_.begin(), words_.end(), [](const std::string& word) {
    return word.starts_with("--") && word.ends_with('=');
  });
  if (cut != words_.end()) {
    throw Error(Errc::usage, fmt::format("{} is without its value", *cut), "brine help");
  }
  try {
    app_.parse(Words(words_.rbegin(), words_.rend()));
  } catch (const CLI::ArgumentMismatch&) {
    // An option takes whatever word follows, so only the last can be without its value.
    throw Error(Errc::usage, fmt::format("{} wants a value", words_.back()), "brine help");
  } catch (const CLI::ParseError& error) {
    throw Error(Errc::usage, error.what(), "brine help");
  }
}

const VerbRow& Parser::chosen() const {
  for (const VerbRow& verb : verbs()) {
    if (verbs_.at(verb.name)->parsed()) return verb;
  }
  std::string_view group;
  for (const auto& [name, app] : verbs_) {
    if (app->parsed()) group = name;
  }
  for (const std::string& word : app_.remaining(true)) {
    if (!word.starts_with('-')) throw_unknown_verb(words_, group, word);
    throw_unknown_option(words_, group, {}, word);
  }
  throw Error(Errc::usage, fmt::format("brine{}{} wants a verb", group.empty() ? "" : " ", group),
              fmt::format("brine help{}{}", group.empty() ? "" : " ", group));
}

void Parser::refuse_strangers() const {
  const VerbRow& verb = chosen();
  std::vector<std::string> words = app_.remaining(true);
  std::erase(words, "--");
  if (words.empty()) return;
  const auto option = std::find_if(words.begin(), words.end(), [](const std::string& word) {
    return word.size() > 1 && word.starts_with('-');
  });
  if (option != words.end()) throw_unknown_option(words_, verb.name, verb.options, *option);
  throw Error(Errc::usage,
              fmt::format("'{}' is one word too many for: {}", words.front(), usage_of(verb)),
              fmt::format("brine help {}", verb.name));
}

void Parser::require_positionals(const VerbRow& verb) const {
  const CLI::App& app = *verbs_.at(verb.name);
  for (const PositionalRow& row : verb.positionals) {
    if (row.need == Need::optional || app.count(std::string(row.name)) > 0) continue;
    throw Error(Errc::usage, fmt::format("{} is missing: {}", row.name, usage_of(verb)),
                hint_for_missing(words_, verb, row));
  }
}

Arguments Parser::parse() {
  split();
  refuse_strangers();
  const VerbRow& verb = chosen();
  require_positionals(verb);
  Arguments arguments;
  arguments.verb = &verb;
  arguments.words = words_;
  for (const Bound& bound : bound_) {
    for (const std::string& value : bound.option->results()) set_value(bound, arguments, value);
  }
  return arguments;
}

}  // namespace

Arguments parse_arguments(const std::vector<std::string>& words) { return Parser(words).parse(); }

}  // namespace brine::cli
