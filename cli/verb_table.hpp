// The one table that parsing, --help and the closest match on a typo are made from.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "arguments.hpp"

namespace brine::cli {

using Setter = void (*)(Arguments& arguments, const std::string& value);

struct OptionRow {
  std::string_view flags;  ///< `-o,--output`: short forms first, the long one last
  std::string_view value;  ///< what it takes, as help calls it; empty: nothing
  std::string_view help;
  Setter set;
};

enum class Need : std::uint8_t { required, optional };

struct PositionalRow {
  std::string_view name;
  Need need;
  Setter set;
};

struct VerbRow {
  std::string_view name;  ///< one word, or two as in `migrate add`
  std::string_view summary;
  std::string_view example;
  std::span<const PositionalRow> positionals;
  std::span<const OptionRow> options;
  int (*run)(const Arguments& arguments);  ///< returns the exit code
  std::string_view more = {};              ///< what its page tells besides
};

/// Returns every verb, the most used first.
std::span<const VerbRow> verbs() noexcept;

/// Returns the options that every verb takes.
std::span<const OptionRow> global_options() noexcept;

/// Returns the long form of `flags`: `--output` of `-o,--output`.
std::string_view long_form(std::string_view flags) noexcept;

/// Returns the part before the space of a name of two words, or nothing.
std::string_view group_of(std::string_view verb_name) noexcept;

}  // namespace brine::cli
