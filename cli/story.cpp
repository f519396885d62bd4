#include "story.hpp"

#include <fmt/format.h>

#include "hints.hpp"
#include "streams.hpp"
#include "terminal.hpp"
#include "wrap.hpp"

namespace brine::cli {
namespace {

// Two more columns in, as what follows the first line of a sentence.
void write_sentence(std::string_view start, std::string_view text) {
  const std::string line = fmt::format("{} {}", start, with_short_ids(escaped(text)));
  write_error(is_terminal(Stream::error) ? wrapped_lines(line, width_of(Stream::error))
                                         : line + '\n');
}

void write_hint(const std::string& command) {
  constexpr std::string_view start = "  try: ";
  const std::string text = escaped(command);
  write_error(is_terminal(Stream::error)
                  ? wrapped_command(std::string(start), start.size(), text, width_of(Stream::error))
                  : fmt::format("{}{}\n", start, text));
}

}  // namespace

void note(const GlobalArguments& global, std::string_view text) {
  if (!global.quiet) write_sentence("brine:", text);
}

void warn(const GlobalArguments& global, std::string_view text) {
  const Ink ink = Ink::of(Stream::error, global);
  write_sentence(fmt::format("brine: {}", ink.yellow("warning:")), text);
}

void suggest(const GlobalArguments& global, const std::string& command) {
  write_hint(in_same_store(global, command));
}

void tell(const GlobalArguments& global, const Error& error) {
  const Ink ink = Ink::of(Stream::error, global);
  write_sentence(ink.red("brine:"), error.what());
  if (!error.hint().empty()) write_hint(error.hint());
}

void write_document(const Arguments& arguments, std::string_view document) {
  if (payload_goes_to_output(arguments)) {
    write_error(document);
  } else {
    write_output(document);
  }
}

}  // namespace brine::cli
