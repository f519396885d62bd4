#include "numbers.hpp"

#include <fmt/format.h>

#include <charconv>
#include <optional>

#include "brine/error.hpp"

namespace brine::cli {
namespace {

template <typename Number>
std::optional<Number> number_of(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  Number number{};
  const char* end = text.data() + text.size();
  const auto [at, failure] = std::from_chars(text.data(), end, number);
  if (failure != std::errc{} || at != end) return std::nullopt;
  return number;
}

[[noreturn]] void refuse(std::string_view option, std::string_view wanted, std::string_view text) {
  throw Error(Errc::usage, fmt::format("{} wants {}, not '{}'", option, wanted, text));
}

}  // namespace

std::int64_t whole_number(std::string_view option, std::string_view text) {
  const auto number = number_of<std::int64_t>(text);
  if (!number) refuse(option, "a whole number", text);
  return *number;
}

std::uint64_t count_of(std::string_view option, std::string_view text) {
  const auto number = number_of<std::uint64_t>(text);
  if (!number) refuse(option, "a whole number from 0 on", text);
  return *number;
}

std::pair<std::string_view, double> metric_of(std::string_view option, std::string_view text) {
  const std::size_t equals = text.find('=');
  if (equals == std::string_view::npos) refuse(option, "NAME=NUMBER", text);
  const auto number = number_of<double>(text.substr(equals + 1));
  if (!number) refuse(option, "a number after the '='", text.substr(equals + 1));
  return {text.substr(0, equals), *number};
}

}  // namespace brine::cli
