// Verbs that keep a store in order: init, verify, reindex.
#include <fmt/format.h>

#include <algorithm>

#include "commands.hpp"
#include "payloads.hpp"
#include "progress.hpp"
#include "render_json.hpp"
#include "render_text.hpp"
#include "store_location.hpp"
#include "story.hpp"
#include "streams.hpp"

namespace brine::cli {
namespace {

// Damaged data has the exit code of damage; what is merely odd is a finding.
int exit_code_of(const std::vector<Problem>& problems) {
  if (problems.empty()) return exit_done;
  const bool damaged = std::any_of(problems.begin(), problems.end(), [](const Problem& problem) {
    return problem.code == Errc::corrupt;
  });
  return damaged ? info(Errc::corrupt).exit_code : exit_findings;
}

}  // namespace

int run_init(const Arguments& arguments) {
  const InitArguments& init = arguments.init;
  const std::filesystem::path root = init.path ? std::filesystem::path(*init.path)
                                               : named_store(arguments.global).value_or(".brine");
  const Store store = Store::create(root, init.options);
  write_output(arguments.global.json
                   ? init_document(store)
                   : fmt::format("made an empty store in {}, codec {}\n",
                                 escaped(store.root().string()), to_string(store.options().codec)));
  return exit_done;
}

int run_verify(const Arguments& arguments) {
  if (!arguments.reference.empty()) snapshot_of(arguments, arguments.reference);
  Store store = open_store(arguments.global);
  ProgressBar bar("verifying", arguments.global);
  const VerifyReport report = store.verify(arguments.reference, bar.callback());
  bar.clear();
  if (arguments.global.json) {
    write_output(verify_document(report));
  } else {
    write_text(verify_text(report, Ink::of(Stream::output, arguments.global)));
  }
  return exit_code_of(report.problems);
}

int run_reindex(const Arguments& arguments) {
  const ReindexReport report = Store::reindex(locate_store(arguments.global));
  if (arguments.global.json) {
    write_output(reindex_document(report));
  } else {
    write_text(reindex_text(report, Ink::of(Stream::output, arguments.global)));
  }
  return exit_code_of(report.problems);
}

}  // namespace brine::cli
