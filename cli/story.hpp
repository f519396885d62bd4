// What a command tells on standard error beside its result.
#pragma once

#include <string>
#include <string_view>

#include "brine/error.hpp"

#include "arguments.hpp"

namespace brine::cli {

/// Prints `brine: TEXT`, unless --quiet. `text` is escaped.
void note(const GlobalArguments& global, std::string_view text);

/// Prints `brine: warning: TEXT`. `text` is escaped.
void warn(const GlobalArguments& global, std::string_view text);

/// Prints `  try: COMMAND`, on the same store. `command` is escaped.
void suggest(const GlobalArguments& global, const std::string& command);

/// Prints the sentence of `error` and its hint, as they are.
void tell(const GlobalArguments& global, const Error& error);

/// Writes a JSON document to standard output, or behind the story where a payload is there.
/// Throws: environment, no_space.
void write_document(const Arguments& arguments, std::string_view document);

}  // namespace brine::cli
