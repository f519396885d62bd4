// Help, written from the verb table. Every line stays within 80 columns.
#pragma once

#include <string>
#include <vector>

#include "verb_table.hpp"

namespace brine::cli {

/// Returns the page of `brine --help`.
std::string overview();

/// Returns the page of one verb.
std::string help_of(const VerbRow& verb);

/// Returns `brine save LINE FILE [options]`.
std::string usage_of(const VerbRow& verb);

/// Returns the page that fits the verb, the group or nothing among `words`; options are passed
/// over. Throws: usage where the first word is no verb.
std::string help_for(const std::vector<std::string>& words);

/// Throws usage: `name` is no verb of `group` (or of brine); the hint is the line with the closest
/// one.
[[noreturn]] void throw_unknown_verb(const std::vector<std::string>& words, std::string_view group,
                                     std::string_view name);

}  // namespace brine::cli
