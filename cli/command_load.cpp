#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "commands.hpp"
#include "payloads.hpp"
#include "progress.hpp"
#include "render_json.hpp"
#include "render_text.hpp"
#include "store_location.hpp"
#include "story.hpp"
#include "streams.hpp"
#include "units.hpp"

namespace brine::cli {
namespace {

LoadReport load_payload(Store& store, const LoadArguments& load, const LoadOptions& options) {
  if (load.output && *load.output != "-") {
    return store.load_file(load.reference, *load.output, options);
  }
  StandardOutput output;
  return store.load(load.reference, output, options);
}

std::string named(std::string_view line, std::uint64_t seq, std::string_view id) {
  return fmt::format("{}:{} ({})", line, seq, short_id(id));
}

// Returns nothing where the catalog cannot tell: the story of a fallback is told in any case.
std::optional<Snapshot> find(const Store& store, const std::string& id) {
  try {
    return store.resolve(id);
  } catch (const Error&) {
    return std::nullopt;
  }
}

// How far back the served snapshot is, in every unit that is known.
std::string distance(const Store& store, const LoadReport& report) {
  const auto requested = find(store, report.requested);
  const auto served = find(store, report.served);
  if (!requested || !served || requested->seq < served->seq) return "an older one";
  std::vector<std::string> parts{
      fmt::format("{} back", counted(requested->seq - served->seq, "snapshot"))};
  if (requested->step && served->step && *requested->step > *served->step) {
    const auto lost = static_cast<std::uint64_t>(*requested->step - *served->step);
    parts.push_back(fmt::format("{} lost", counted(lost, "step")));
  }
  parts.push_back(human_seconds(seconds_between(served->created, requested->created)) + " older");
  return fmt::format("{}", fmt::join(parts, ", "));
}

void tell_fallback(const GlobalArguments& global, const Store& store, const LoadReport& report) {
  const auto requested = find(store, report.requested);
  const std::string asked = requested ? named(requested->line, requested->seq, requested->id)
                                      : fmt::format("{}", short_id(report.requested));
  warn(global, fmt::format("FALLBACK: {} was asked for and cannot be used", asked));
  for (const Rejection& rejection : report.rejected) {
    warn(global, fmt::format("  {}: {}: {}", named(report.line, rejection.seq, rejection.snapshot),
                             info(rejection.code).name, rejection.reason));
  }
  warn(global, fmt::format("served {} instead: {}", named(report.line, report.seq, report.served),
                           distance(store, report)));
  suggest(global, fmt::format("brine verify {}", report.line));
}

void tell_verdict(const GlobalArguments& global, const LoadReport& report) {
  if (report.scan.verdict == Verdict::safe || report.origin == Origin::object) return;
  const auto& findings = report.scan.findings;
  warn(global, fmt::format("verdict {}: unpickling it runs code that brine cannot vouch for{}{}",
                           to_string(report.scan.verdict), findings.empty() ? "" : "; ",
                           findings.empty() ? "" : findings.front().reason));
  suggest(global, fmt::format("brine show {}:{}", report.line, report.seq));
}

void tell_migrations(const GlobalArguments& global, const LoadReport& report) {
  std::set<std::string> steps;
  for (const Rename& rename : report.migrations) {
    steps.insert(rename.steps.begin(), rename.steps.end());
  }
  if (steps.empty()) return;
  note(global, fmt::format("{} rewritten by {}", counted(report.migrations.size(), "name"),
                           fmt::join(steps, ", ")));
}

void tell_done(const Arguments& arguments, const LoadReport& report) {
  const bool to_output = payload_goes_to_output(arguments);
  note(arguments.global, fmt::format("{} to {}, {}", named(report.line, report.seq, report.served),
                                     to_output ? "standard output" : *arguments.load.output,
                                     human_bytes(report.payload_bytes)));
}

}  // namespace

int run_load(const Arguments& arguments) {
  keep_from_terminal(arguments, arguments.load.output, arguments.load.reference);
  Store store = open_store(arguments.global);
  ProgressBar bar("loading", arguments.global);
  LoadOptions options = arguments.load.options;
  options.progress = bar.callback();
  const LoadReport report = load_payload(store, arguments.load, options);
  bar.clear();

  if (report.fallback) tell_fallback(arguments.global, store, report);
  for (const std::string& warning : report.warnings) warn(arguments.global, warning);
  tell_verdict(arguments.global, report);
  tell_migrations(arguments.global, report);
  tell_done(arguments, report);
  if (arguments.global.json) write_document(arguments, load_document(report));
  return report.fallback ? exit_fallback : exit_done;
}

}  // namespace brine::cli
