#include "story.hpp"

#include <fmt/format.h>

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

void suggest(std::string_view command) {
  if (!command.empty()) write_error(fmt::format("  try: {}\n", escaped(command)));
}

void tell(const GlobalArguments& global, const Error& error) {
  const Ink ink = Ink::of(Stream::error, global);
  write_error(fmt::format("{} {}\n", ink.red("brine:"), escaped(error.what())));
  suggest(error.hint());
}

void write_document(const Arguments& arguments, std::string_view document) {
  if (payload_goes_to_output(arguments)) {
    write_error(document);
  } else {
    write_output(document);
  }
}

}  // namespace brine::cli
