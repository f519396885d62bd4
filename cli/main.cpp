// The command: finds the verb, runs it, and turns what is thrown into a sentence and an exit code.
#include <fmt/format.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <new>

#include "command_line.hpp"
#include "commands.hpp"
#include "help.hpp"
#include "hints.hpp"
#include "render_json.hpp"
#include "story.hpp"
#include "streams.hpp"
#include "verb_table.hpp"

namespace brine::cli {
namespace {

bool says(const Words& words, std::string_view first, std::string_view second = {}) {
  const auto end = std::find(words.begin(), words.end(), "--");
  return std::any_of(words.begin(), end, [&](const std::string& word) {
    return word == first || (!second.empty() && word == second);
  });
}

// Help wins over everything else on the line, whatever is wrong with the rest.
int run(const Words& words, Arguments& arguments) {
  if (words.empty()) {
    write_error(overview());
    return info(Errc::usage).exit_code;
  }
  if (words.front() == "help" || says(words, "-h", "--help")) {
    write_output(help_for(words));
    return exit_done;
  }
  if (says(words, "--version")) return run_version(arguments);
  arguments = parse_arguments(words);
  return arguments.verb->run(arguments);
}

int fail(const Arguments& arguments, const Error& thrown) {
  // As of a process that SIGPIPE ended: nobody reads on, so there is nobody to tell.
  if (reader_has_gone()) return 128 + SIGPIPE;
  const Error error(thrown.code(), thrown.what(), hint_for(arguments, thrown));
  tell(arguments.global, error);
  if (arguments.global.json) {
    try {
      write_document(arguments, error_document(error));
    } catch (const Error& unwritable) {
      // Not again what was just told: that nothing can be written there.
      if (std::string_view(unwritable.what()) != error.what()) tell(arguments.global, unwritable);
    }
  }
  return info(error.code()).exit_code;
}

int run_and_report(const Words& words) {
  Arguments arguments;
  // For errors that come before the words are understood.
  arguments.global.json = says(words, "--json");
  arguments.global.no_color = says(words, "--no-color");
  arguments.global.store = value_of(words, "--store");
  arguments.words = words;
  try {
    return run(words, arguments);
  } catch (const Error& error) {
    return fail(arguments, error);
  } catch (const std::bad_alloc&) {
    return fail(arguments, Error(Errc::environment, "out of memory", "free -h"));
  } catch (const std::filesystem::filesystem_error& error) {
    return fail(arguments, Error(Errc::environment, error.what()));
  } catch (const std::exception& error) {
    return fail(arguments, Error(Errc::internal, fmt::format("a bug in brine: {}", error.what())));
  }
}

}  // namespace
}  // namespace brine::cli

int main(int argc, char** argv) {
  brine::cli::prepare_streams();
  return brine::cli::run_and_report({argv + std::min(argc, 1), argv + argc});
}
