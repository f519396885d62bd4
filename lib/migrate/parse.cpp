#include <fmt/format.h>
#include <toml++/toml.h>

#include <algorithm>
#include <array>

#include "base/arithmetic.hpp"
#include "base/text.hpp"
#include "brine/error.hpp"
#include "migrate/migrate.hpp"
#include "migrate/name.hpp"
#include "migrate/rule_order.hpp"

namespace brine::migrate {
namespace {

constexpr std::int64_t max_version = std::int64_t{1} << 53;  // what a double in JSON can hold
// toml++ 3.3 bounds nested values but not dotted keys, and frees them recursively: 100,000 levels
// overflow the stack. A table needs none at all.
constexpr std::size_t max_bare_dots = 1000;

using Keys = std::initializer_list<std::string_view>;

/// Where a table is read from; makes the errors.
struct Reader {
  std::string_view origin;
  const Limits& limits;

  std::string place(std::size_t line) const { return fmt::format("{}:{}", origin, line); }

  template <typename... Arguments>
  [[noreturn]] void fail(std::size_t line, fmt::format_string<Arguments...> text,
                         Arguments&&... arguments) const {
    throw Error(Errc::migration, fmt::format(text, std::forward<Arguments>(arguments)...))
        .in_context(place(line));
  }
};

std::size_t line_of(const toml::node& node) { return node.source().begin.line; }

/// Returns the offset behind the string that starts at `at`, with one quote or with three.
std::size_t end_of_string(std::string_view text, std::size_t at) {
  const char quote = text[at];
  const bool longer = text.substr(at, 3) == std::string(3, quote);
  const std::string closing(longer ? 3 : 1, quote);
  for (at += closing.size(); at < text.size(); ++at) {
    if (quote == '"' && text[at] == '\\') {
      ++at;
    } else if (text.substr(at, closing.size()) == closing || (!longer && text[at] == '\n')) {
      return at + closing.size();
    }
  }
  return at;
}

/// Counts the dots outside of strings and comments.
std::size_t count_bare_dots(std::string_view text) {
  std::size_t dots = 0;
  for (std::size_t at = 0; at < text.size();) {
    if (text[at] == '"' || text[at] == '\'') {
      at = end_of_string(text, at);
    } else if (text[at] == '#') {
      at = std::min(text.find('\n', at), text.size());
    } else {
      dots += text[at++] == '.' ? 1 : 0;
    }
  }
  return dots;
}

toml::table parse_toml(std::string_view text, const Reader& reader) {
  if (count_bare_dots(text) > max_bare_dots) {
    reader.fail(1, "more than {} dots outside of strings, which nest too deep", max_bare_dots);
  }
  try {
    return toml::parse(text);
  } catch (const toml::parse_error& error) {
    reader.fail(error.source().begin.line, "not TOML: {}",
                base::printable(std::string(error.description())));
  }
}

void require_known(const toml::table& table, Keys known, std::string_view where,
                   const Reader& reader) {
  for (const auto& [key, value] : table) {
    const std::string_view name = key.str();
    if (std::find(known.begin(), known.end(), name) != known.end()) continue;
    reader.fail(key.source().begin.line,
                "unknown key '{}' in {}: this version of brine knows module and symbol rules, "
                "and here {}",
                base::printable(name), where, fmt::join(known, ", "));
  }
}

const toml::node& require(const toml::table& table, std::string_view key, std::string_view where,
                          const Reader& reader) {
  const toml::node* node = table.get(key);
  if (node == nullptr) reader.fail(line_of(table), "{} has no '{}'", where, key);
  return *node;
}

std::string text_at(const toml::node& node, std::string_view key, const Reader& reader) {
  const auto* text = node.as_string();
  if (text == nullptr) reader.fail(line_of(node), "'{}' is no string", key);
  return text->get();
}

std::string name_at(const toml::table& table, std::string_view key, std::string_view where,
                    const Reader& reader) {
  const toml::node& node = require(table, key, where, reader);
  std::string name = text_at(node, key, reader);
  in_context(reader.place(line_of(node)), [&] {
    base::require_within(name.size(), reader.limits.max_name_bytes, "max_name_bytes");
  });
  return name;
}

Symbol module_at(const toml::table& rule, std::string_view key, const Reader& reader) {
  std::string name = name_at(rule, key, "[[module]]", reader);
  if (!is_module_name(name)) {
    reader.fail(line_of(*rule.get(key)), "'{}' is '{}', expected a module such as package.module",
                key, base::printable(name));
  }
  return {std::move(name), {}};
}

Symbol symbol_at(const toml::table& rule, std::string_view key, const Reader& reader) {
  const std::string name = name_at(rule, key, "[[symbol]]", reader);
  std::optional<Symbol> symbol = parse_symbol(name);
  if (!symbol) {
    reader.fail(line_of(*rule.get(key)),
                "'{}' is '{}', expected a symbol such as package.module:Name", key,
                base::printable(name));
  }
  return std::move(*symbol);
}

bool is_exact(const toml::table& rule, const Reader& reader) {
  const toml::node* node = rule.get("exact");
  if (node == nullptr) return false;
  if (!node->is_boolean()) reader.fail(line_of(*node), "'exact' is neither true nor false");
  return node->as_boolean()->get();
}

Rule read_rule(const toml::table& rule, RuleKind kind, const Reader& reader) {
  const int line = static_cast<int>(line_of(rule));
  if (kind == RuleKind::module) {
    require_known(rule, {"from", "to", "exact"}, "[[module]]", reader);
    return {kind, module_at(rule, "from", reader), module_at(rule, "to", reader),
            is_exact(rule, reader), line};
  }
  require_known(rule, {"from", "to"}, "[[symbol]]", reader);
  return {kind, symbol_at(rule, "from", reader), symbol_at(rule, "to", reader), false, line};
}

void read_rules(const toml::table& root, std::string_view key, RuleKind kind,
                std::vector<Rule>& rules, const Reader& reader) {
  const toml::node* node = root.get(key);
  if (node == nullptr) return;
  const toml::array* list = node->as_array();
  if (list == nullptr) reader.fail(line_of(*node), "'{0}' is no list of rules: write [[{0}]]", key);
  for (const toml::node& item : *list) {
    if (!item.is_table()) reader.fail(line_of(item), "a rule in '{}' is no table", key);
    rules.push_back(read_rule(*item.as_table(), kind, reader));
  }
}

void read_head(const toml::table& head, Table& table, const Reader& reader) {
  require_known(head, {"name", "version", "title"}, "[table]", reader);
  const toml::node& name = require(head, "name", "[table]", reader);
  table.name = text_at(name, "name", reader);
  if (!base::is_name(table.name)) {
    reader.fail(line_of(name), "the name of the table is '{}', expected letters, digits, '.', '_' "
                "and '-'", base::printable(table.name));
  }
  const toml::node& version = require(head, "version", "[table]", reader);
  const auto* number = version.as_integer();
  if (number == nullptr || number->get() < 1 || number->get() > max_version) {
    reader.fail(line_of(version), "'version' is no whole number from 1 to 2^53");
  }
  table.version = static_cast<std::uint64_t>(number->get());
  if (const toml::node* title = head.get("title")) {
    table.title = text_at(*title, "title", reader);
    if (base::printable(table.title) != table.title) {
      reader.fail(line_of(*title), "'title' holds a control character");
    }
  }
}

std::string spelled(const Symbol& symbol) {
  return symbol.name.empty() ? symbol.module : symbol.module + ":" + symbol.name;
}

void check_rules(const std::vector<Rule>& rules, const Reader& reader) {
  if (rules.empty()) reader.fail(1, "the table has no rule");
  std::vector<const Rule*> sorted;
  for (const Rule& rule : rules) {
    if (rule.from == rule.to) {
      reader.fail(static_cast<std::size_t>(rule.line), "the rule changes nothing: from and to are "
                  "both {}", spelled(rule.from));
    }
    sorted.push_back(&rule);
  }
  std::sort(sorted.begin(), sorted.end(), [](const Rule* a, const Rule* b) {
    return std::pair(source_of(*a), a->line) < std::pair(source_of(*b), b->line);
  });
  const auto twice = std::adjacent_find(
      sorted.begin(), sorted.end(),
      [](const Rule* a, const Rule* b) { return source_of(*a) == source_of(*b); });
  if (twice == sorted.end()) return;
  const Rule& first = **twice;
  const Rule& second = **std::next(twice);
  reader.fail(static_cast<std::size_t>(second.line), "two rules for {}: to {} here, to {} in line "
              "{}", spelled(first.from), spelled(second.to), spelled(first.to), first.line);
}

}  // namespace

Table parse(std::string_view text, std::string_view origin, const Limits& limits) {
  in_context(origin, [&] {
    base::require_within(text.size(), limits.max_table_bytes, "max_table_bytes");
  });
  const Reader reader{origin, limits};
  const toml::table root = parse_toml(text, reader);
  require_known(root, {"table", "module", "symbol"}, "the file", reader);
  const toml::table* head = root.get_as<toml::table>("table");
  if (head == nullptr) reader.fail(1, "the file has no [table]");
  Table table;
  read_head(*head, table, reader);
  read_rules(root, "module", RuleKind::module, table.rules, reader);
  read_rules(root, "symbol", RuleKind::symbol, table.rules, reader);
  check_rules(table.rules, reader);
  return table;
}

}  // namespace brine::migrate
