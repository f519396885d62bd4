#include "pickle/interpreter.hpp"

#include <algorithm>

#include "pickle/numeral.hpp"

namespace brine::pickle {

std::string name_problem(const Limits& limits, std::string_view module, std::string_view name) {
  if (module.size() > limits.max_name_bytes || name.size() > limits.max_name_bytes) {
    return fmt::format("max_name_bytes: a name of {} bytes, the limit is {}",
                       std::max(module.size(), name.size()), limits.max_name_bytes);
  }
  if (module.empty() || name.empty()) return "a symbol has an empty name";
  if (!is_utf8(module, Surrogates::refused) || !is_utf8(name, Surrogates::refused)) {
    return "the name of a symbol is not UTF-8";
  }
  return {};
}

std::optional<std::uint64_t> memo_index(const Token& token) {
  if (token.code->argument == Argument::fixed) {
    return base::little_endian(token.argument.data(), token.argument_bytes);
  }
  return read_index(text_of(token.argument));
}

}  // namespace brine::pickle
