#include "scan/extensions.hpp"

#include <fmt/format.h>

#include <charconv>

#include "base/text.hpp"
#include "brine/error.hpp"
#include "pickle/literal.hpp"

namespace brine::scan {
namespace {

constexpr std::uint32_t highest_code = 0x7fffffff;

[[noreturn]] void refuse(std::string_view entry, std::string_view why) {
  throw Error(Errc::usage, fmt::format("extension '{}' {}", base::printable(entry), why));
}

std::uint32_t read_code(std::string_view entry, std::string_view digits) {
  std::uint32_t code = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), code);
  const bool is_whole = error == std::errc{} && end == digits.data() + digits.size();
  if (!is_whole || code == 0 || code > highest_code) {
    refuse(entry, "has no code from 1 to 2147483647 before its =");
  }
  return code;
}

Symbol read_symbol(std::string_view entry, std::string_view text) {
  const std::size_t colon = std::min(text.find(':'), text.size());
  const std::string_view module = text.substr(0, colon);
  const std::string_view name = text.substr(std::min(colon + 1, text.size()));
  if (!pickle::is_plain_name(module) || !pickle::is_plain_name(name)) {
    refuse(entry, "names no package.module:Name behind its =");
  }
  return {std::string(module), std::string(name)};
}

}  // namespace

pickle::Extensions read_extensions(std::span<const std::string> entries) {
  pickle::Extensions extensions;
  for (const std::string_view entry : entries) {
    const std::size_t equals = std::min(entry.find('='), entry.size());
    const std::uint32_t code = read_code(entry, entry.substr(0, equals));
    const Symbol symbol = read_symbol(entry, entry.substr(std::min(equals + 1, entry.size())));
    if (!extensions.emplace(code, symbol).second) refuse(entry, "gives its code a second time");
  }
  return extensions;
}

}  // namespace brine::scan
