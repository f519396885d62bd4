#include <fmt/format.h>

#include <algorithm>

#include "command_line.hpp"
#include "commands.hpp"
#include "hints.hpp"
#include "progress.hpp"
#include "render_json.hpp"
#include "render_text.hpp"
#include "store_location.hpp"
#include "story.hpp"
#include "streams.hpp"

namespace brine::cli {
namespace {

void refuse_terminal(const Arguments& arguments) {
  const SaveArguments& save = arguments.save;
  if (save.file != "-" || !is_terminal(Stream::input)) return;
  throw Error(Errc::usage, "standard input is a terminal, and '-' wants a checkpoint from it",
              command_of(with_word(arguments.words, "-", "model.pkl").value_or(arguments.words)));
}

Snapshot save_payload(Store& store, const SaveArguments& save, const SaveOptions& options) {
  if (save.file != "-") return store.save_file(save.line, save.file, options);
  StandardInput input;
  return store.save(save.line, input, options);
}

std::vector<std::string> warnings_about(const Store& store, const Snapshot& snapshot) {
  std::vector<std::string> warnings;
  if (snapshot.verdict == Verdict::dangerous) {
    warnings.push_back(fmt::format("{} is dangerous to unpickle, and loads will refuse it",
                                   reference_of(snapshot)));
  }
  const std::vector<SymbolCount> symbols = store.show(snapshot.id).symbols;
  const auto from_main = std::find_if(symbols.begin(), symbols.end(), [](const SymbolCount& row) {
    return row.symbol.module == "__main__";
  });
  if (from_main != symbols.end()) {
    warnings.push_back(
        fmt::format("{} holds {}, which only the script that defined it can unpickle: move it into "
                    "a module",
                    reference_of(snapshot), spelled(from_main->symbol)));
  }
  return warnings;
}

}  // namespace

int run_save(const Arguments& arguments) {
  const SaveArguments& save = arguments.save;
  refuse_terminal(arguments);
  Store store = open_store(arguments.global);
  ProgressBar bar("saving", arguments.global);
  SaveOptions options = save.options;
  options.progress = bar.callback();
  const Snapshot snapshot = save_payload(store, save, options);
  bar.clear();

  const std::vector<std::string> warnings = warnings_about(store, snapshot);
  for (const std::string& warning : warnings) warn(arguments.global, warning);
  if (warnings.empty() && snapshot.verdict == Verdict::unknown) {
    const std::string show = fmt::format("brine show {}", reference_of(snapshot));
    note(arguments.global, fmt::format("verdict unknown; what it imports: {}",
                                       in_same_store(arguments.global, show)));
  }
  write_output(arguments.global.json ? save_document(snapshot, warnings) : save_text(snapshot));
  return exit_done;
}

}  // namespace brine::cli
