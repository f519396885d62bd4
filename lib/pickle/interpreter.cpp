#include "pickle/interpreter.hpp"

#include <algorithm>
#include <charconv>

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

std::optional<std::uint64_t> spelled_index(std::string_view text) {
  std::uint64_t index = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), index);
  const bool is_whole = error == std::errc{} && end == text.data() + text.size();
  return is_whole ? std::optional(index) : std::nullopt;
}

}  // namespace brine::pickle
