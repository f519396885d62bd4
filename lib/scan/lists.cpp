#include "scan/lists.hpp"

namespace brine::scan {
namespace {

std::string_view take_until(std::string_view& text, char end) {
  const std::size_t at = text.find(end);
  const std::string_view front = text.substr(0, at);
  text.remove_prefix(at == std::string_view::npos ? text.size() : at + 1);
  return front;
}

template <typename Visit>
void for_each_line(std::string_view text, Visit&& visit) {
  while (!text.empty()) {
    const std::string_view line = take_until(text, '\n');
    if (!line.empty() && line.front() != '#') visit(line);
  }
}

void add_denied(BuiltInLists& lists, std::string_view line) {
  std::string_view name = line;
  const std::string_view module = take_until(name, ':');
  if (module == "*") {
    lists.denied_components.insert(name);
  } else if (name == "*") {
    lists.denied.emplace(module);
    lists.denied_passages.insert(module.substr(module.rfind('.') + 1));
  } else {
    lists.denied.insert(std::string(module).append(".").append(name));
  }
}

pickle::Roles roles_of(std::string_view word) {
  using namespace pickle::role;
  if (word == "checked") return checked;
  if (word == "maker") return value | checked;
  if (word == "call") return value | instance | checked | called;
  if (word == "type") return value | instance;
  return word == "class" ? instance : value;
}

void add_allowed(BuiltInLists& lists, std::string_view line) {
  const pickle::Roles roles = roles_of(take_until(line, ' '));
  lists.allowed.emplace(line, roles);
  if ((roles & (pickle::role::value | pickle::role::instance)) != 0) {
    lists.allowed_modules.insert(line.substr(0, line.find(':')));
  }
}

BuiltInLists parse() {
  BuiltInLists lists;
  for (const base::EmbeddedFile& file : embedded::files) {
    for_each_line(file.content, [&](std::string_view line) {
      if (file.name == "deny.txt") {
        add_denied(lists, line);
      } else {
        add_allowed(lists, line);
      }
    });
  }
  return lists;
}

}  // namespace

const BuiltInLists& built_in_lists() {
  static const BuiltInLists lists = parse();
  return lists;
}

}  // namespace brine::scan
