#include "scan/policy.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "brine/error.hpp"
#include "pickle/python2.hpp"
#include "scan/lists.hpp"

namespace brine::scan {
namespace {

bool is_dotted_name(std::string_view text) {
  const bool plain = std::none_of(text.begin(), text.end(), [](char c) {
    return static_cast<unsigned char>(c) <= ' ' || c == '\x7f' || c == ':' || c == '*';
  });
  return plain && !text.empty() && text.front() != '.' && text.back() != '.' &&
         text.find("..") == std::string_view::npos;
}

/// Visits the dotted components of `name`; `last` tells the one that nothing follows.
template <typename Test>
bool any_component(std::string_view name, Test&& test) {
  while (true) {
    const std::size_t dot = name.find('.');
    const bool last = dot == std::string_view::npos;
    if (test(name.substr(0, dot), last)) return true;
    if (last) return false;
    name.remove_prefix(dot + 1);
  }
}

bool lies_below_denied(std::string_view path, const BuiltInLists& lists) {
  for (std::size_t dot = path.find('.');; dot = path.find('.', dot + 1)) {
    if (lists.denied.contains(path.substr(0, dot))) return true;
    if (dot == std::string_view::npos) return false;
  }
}

// `torch` + `serialization.os.system` is os.system: attributes of a module are the modules that it
// imports, so a dotted name leads anywhere.
bool leads_to_denied(std::string_view name, const BuiltInLists& lists) {
  return any_component(name, [&](std::string_view component, bool last) {
    return lists.denied_components.contains(component) ||
           (!last && lists.denied_passages.contains(component));
  });
}

bool is_denied(const Symbol& symbol, const BuiltInLists& lists) {
  return lies_below_denied(symbol.module + "." + symbol.name, lists) ||
         leads_to_denied(symbol.name, lists);
}

std::string spelled(const Symbol& symbol) {
  return symbol.name.empty() ? symbol.module : symbol.module + ":" + symbol.name;
}

std::string described(const SeenSymbol& seen) {
  const std::string written = base::printable(spelled(seen.symbol));
  const Symbol mapped = seen.protocol < 3 ? pickle::to_python3(seen.symbol) : seen.symbol;
  if (mapped == seen.symbol) return written;
  return fmt::format("{} ({} in Python 3)", written, spelled(mapped));
}

pickle::Roles permitted_for(const Symbol& symbol) {
  const BuiltInLists& lists = built_in_lists();
  if (symbol.name.empty()) {
    return lists.allowed_modules.contains(symbol.module) ? pickle::role::value : 0;
  }
  const auto row = lists.allowed.find(spelled(symbol));
  return row == lists.allowed.end() ? pickle::Roles{0} : row->second;
}

// What the payload does with it and no list allows.
pickle::Roles excess_of(const SeenSymbol& seen) {
  const pickle::Roles written = seen.roles & ~permitted_for(seen.symbol);
  if (written != 0 || seen.protocol >= 3) return written;
  return seen.roles & ~permitted_for(pickle::to_python3(seen.symbol));
}

std::string_view told_as(pickle::Roles roles) {
  if ((roles & pickle::role::called) != 0) return "called with these arguments";
  return (roles & pickle::role::value) != 0 ? "kept, where something may call it"
                                            : "made an instance of";
}

std::string reason_of(const SeenSymbol& seen, Standing standing) {
  switch (standing) {
    case Standing::denied:
      return "is on the deny list: it can run code, touch files or reach what does";
    case Standing::misused:
      return fmt::format("is on an allow list, but not to be {}", told_as(excess_of(seen)));
    default:
      return "is on no allow list";
  }
}

std::string reason(const SeenSymbol& seen, Standing standing) {
  const std::string why = reason_of(seen, standing);
  if (seen.count == 0) return fmt::format("{} {}; a call leads to it", described(seen), why);
  const std::string_view times = seen.count == 1 ? "time" : "times";
  return fmt::format("{} {}; pushed {} {}", described(seen), why, seen.count, times);
}

// What is still to be trusted: a Python 2 name, then what Python 3 calls it.
std::optional<Symbol> accused(const SeenSymbol& seen, const Policy& policy) {
  const bool is_cleared =
      seen.protocol < 3 && policy.standing(seen.symbol, 3, seen.roles) == Standing::allowed;
  return trustable(is_cleared ? pickle::to_python3(seen.symbol) : seen.symbol);
}

}  // namespace

struct Policy::Lists {
  std::set<Symbol> trusted_symbols;
  std::set<std::string, std::less<>> trusted_modules;

  void trust(std::string_view entry) {
    const std::size_t colon = entry.find(':');
    const std::string_view module = entry.substr(0, colon);
    const bool whole = colon == std::string_view::npos;
    if (!is_dotted_name(module) || (!whole && !is_dotted_name(entry.substr(colon + 1)))) {
      throw Error(Errc::usage, fmt::format("trusted entry '{}' is neither package.module:Name nor "
                                           "package.module",
                                           base::printable(entry)));
    }
    if (whole) {
      trusted_modules.emplace(module);
    } else {
      trusted_symbols.insert({std::string(module), std::string(entry.substr(colon + 1))});
    }
  }

  // The deny list has some that may be called with arguments that are known: they are allowed
  // first.
  Standing judge(const Symbol& symbol, pickle::Roles roles) const {
    if (trusted_symbols.contains(symbol)) return Standing::allowed;
    const pickle::Roles permitted = permitted_for(symbol);
    const bool is_listed = permitted != 0;
    // What is pushed and dropped was imported nevertheless.
    const bool may_import = (permitted & (pickle::role::value | pickle::role::instance)) != 0;
    if (roles == 0 ? may_import : is_listed && (roles & ~permitted) == 0) return Standing::allowed;
    if (is_denied(symbol, built_in_lists())) return Standing::denied;
    if (trusted_modules.contains(symbol.module)) return Standing::allowed;
    return is_listed ? Standing::misused : Standing::unlisted;
  }
};

Policy::Policy(std::span<const std::string> trusted) {
  auto lists = std::make_shared<Lists>();
  for (const std::string& entry : trusted) lists->trust(entry);
  lists_ = std::move(lists);
}

Standing Policy::standing(const Symbol& symbol, int protocol, pickle::Roles roles) const {
  const Standing written = lists_->judge(symbol, roles);
  if (protocol >= 3) return written;
  return std::max(written, lists_->judge(pickle::to_python3(symbol), roles));
}

bool Policy::is_trusted(const Symbol& symbol) const {
  return lists_->trusted_symbols.contains(symbol);
}

std::optional<Symbol> trustable(const Symbol& symbol) {
  const std::string written = spelled(symbol);
  const bool is_entry = is_dotted_name(symbol.module) &&
                        (symbol.name.empty() || is_dotted_name(symbol.name)) &&
                        base::printable(written) == written;
  return is_entry ? std::optional(symbol) : std::nullopt;
}

std::vector<Finding> judge(std::span<const SeenSymbol> symbols, const Policy& policy) {
  std::vector<Finding> findings;
  for (const SeenSymbol& seen : symbols) {
    const Standing standing = policy.standing(seen.symbol, seen.protocol, seen.roles);
    if (standing == Standing::allowed) continue;
    const Verdict verdict = standing == Standing::denied ? Verdict::dangerous : Verdict::unknown;
    findings.push_back({verdict, seen.offset, reason(seen, standing), accused(seen, policy)});
  }
  std::stable_sort(findings.begin(), findings.end(),
                   [](const Finding& a, const Finding& b) { return a.offset < b.offset; });
  return findings;
}

}  // namespace brine::scan
