#include "story.hpp"

#include <fmt/format.h>

#include "hints.hpp"
#include "streams.hpp"
#include "terminal.hpp"

namespace brine::cli {

void note(const GlobalArguments& global, std::string_view text) {
  if (!global.quiet) write_error(fmt::format("brine: {}\n", escaped(text)));
}

void warn(const GlobalArguments& global, std::string_view text) {
  const Ink ink = Ink::of(Stream::error, global);
  write_error(fmt::format("brine: {} {}\n", ink.yellow("warning:"), escaped(text)));
}

void suggest(const GlobalArguments& global, const std::string& command) {
  write_error(fmt::format("  try: {}\n", escaped(in_same_store(global, command))));
}

void tell(const GlobalArguments& global, const Error& error) {
  const Ink ink = Ink::of(Stream::error, global);
  write_error(fmt::format("{} {}\n", ink.red("brine:"), escaped(error.what())));
  if (!error.hint().empty()) write_error(fmt::format("  try: {}\n", escaped(error.hint())));
}

void write_document(const Arguments& arguments, std::string_view document) {
  if (payload_goes_to_output(arguments)) {
    write_error(document);
  } else {
    write_output(document);
  }
}

}  // namespace brine::cli
