#include "pickle/protocol_name.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "brine/error.hpp"
#include "pickle/python2.hpp"

namespace brine::pickle {
namespace {

bool has_names_of_python2(int protocol) { return protocol < 3; }
bool looks_into_classes(int protocol) { return protocol >= 4; }

[[noreturn]] void refuse(const Symbol& symbol, int to, std::string_view why) {
  throw Error(Errc::unsupported,
              fmt::format("{}:{} has no form in protocol {}: {}", base::printable(symbol.module),
                          base::printable(symbol.name), to, why));
}

// Takes off what stands behind the first dot.
std::vector<std::string> split_attributes(std::string& name) {
  std::vector<std::string> parts;
  for (std::size_t dot = name.find('.'); dot != name.npos; dot = name.find('.', dot)) {
    const std::size_t next = std::min(name.find('.', dot + 1), name.size());
    parts.push_back(name.substr(dot + 1, next - dot - 1));
    dot = next;
  }
  name.resize(std::min(name.find('.'), name.size()));
  return parts;
}

}  // namespace

Symbol meaning_of(const Symbol& symbol, int protocol) {
  return has_names_of_python2(protocol) ? to_python3(symbol) : symbol;
}

ProtocolName protocol_name(const Symbol& symbol, int from, int to) {
  ProtocolName name{symbol, {}};
  if (symbol.name.find('.') != symbol.name.npos) {
    if (!looks_into_classes(from) && looks_into_classes(to)) {
      refuse(symbol, to, "its readers take the dot for a way into a class");
    }
    if (looks_into_classes(from) && !looks_into_classes(to)) {
      name.attributes = split_attributes(name.symbol.name);
    }
  }
  const auto is_empty = [](const std::string& part) { return part.empty(); };
  if (is_empty(name.symbol.name) ||
      std::any_of(name.attributes.begin(), name.attributes.end(), is_empty)) {
    refuse(symbol, to, "a part of the name is empty");
  }
  if (has_names_of_python2(from) == has_names_of_python2(to)) return name;
  name.symbol = meaning_of(name.symbol, from);
  if (!has_names_of_python2(to)) return name;
  const auto older = to_python2(name.symbol);
  if (!older) refuse(symbol, to, "its readers take the name for one of Python 2");
  name.symbol = *older;
  return name;
}

}  // namespace brine::pickle
