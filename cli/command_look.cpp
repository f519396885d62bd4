// Verbs that only look: log, show, scan, version.
#include <fmt/format.h>

#include <algorithm>
#include <initializer_list>

#include "brine/hint.hpp"
#include "command_line.hpp"
#include "commands.hpp"
#include "payloads.hpp"
#include "render_json.hpp"
#include "render_text.hpp"
#include "store_location.hpp"
#include "story.hpp"
#include "streams.hpp"

namespace brine::cli {
namespace {

// What trust would lift all of the findings, each once; nothing where one of them stays.
std::vector<std::string> to_be_trusted(std::span<const Finding> findings) {
  std::vector<std::string> symbols;
  for (const Finding& finding : findings) {
    if (finding.verdict == Verdict::safe) continue;
    if (!finding.symbol) return {};
    const std::string symbol = spelled(*finding.symbol);
    if (std::find(symbols.begin(), symbols.end(), symbol) == symbols.end()) {
      symbols.push_back(symbol);
    }
  }
  return symbols;
}

// A line with more symbols is read by nobody, and trust is for what was read.
constexpr std::size_t most_trusted_at_once = 4;

void tell_how_to_trust(const Arguments& arguments, std::span<const Finding> findings) {
  const std::vector<std::string> symbols = to_be_trusted(findings);
  if (symbols.empty() || arguments.global.quiet) return;
  Words words = arguments.words;
  const std::size_t count = std::min(symbols.size(), most_trusted_at_once);
  for (std::size_t i = 0; i < count; ++i) words = with(words, {"--trust", symbols[i]});
  note(arguments.global, count < symbols.size()
                             ? fmt::format("if you know what made it, trust its symbols: the first "
                                           "{} of {}",
                                           count, symbols.size())
                             : "if you know what made it, trust its symbols");
  suggest(arguments.global, command_of(words));
}

// `first`: the columns of which one goes before all others.
void tell_of_columns(const GlobalArguments& global, std::string_view text,
                     std::initializer_list<std::string_view> first) {
  const std::string_view titles = text.substr(0, text.find('\n'));
  if (std::all_of(first.begin(), first.end(), [&](std::string_view title) {
        return titles.find(title) != std::string_view::npos;
      })) {
    return;
  }
  note(global, "columns are left out on a terminal as narrow as this; --json has all");
}

ScanReport scan_of(const ScanArguments& scan) {
  if (scan.file != "-") return scan_file(scan.file, scan.options);
  const Spool spool;
  return scan_file(spool.path(), scan.options);
}

}  // namespace

int run_log(const Arguments& arguments) {
  const LogQuery& query = arguments.log;
  const Store store = open_store(arguments.global);
  const std::vector<Snapshot> snapshots = store.log(query);
  // An empty list of a line that exists is an answer; of one that does not, an error.
  if (snapshots.empty() && query.line) store.resolve(*query.line);
  if (arguments.global.json) {
    write_output(log_document(snapshots));
  } else if (snapshots.empty()) {
    note(arguments.global, "no snapshots");
  } else {
    const std::string text = log_text(snapshots, query.line, room_of(Stream::output),
                                      Ink::of(Stream::output, arguments.global));
    write_output(text);
    tell_of_columns(arguments.global, text, {"STORED"});
  }
  return exit_done;
}

namespace {

TreeOptions tree_options(const ShowArguments& show) {
  return {.depth = show.depth.value_or(TreeOptions{}.depth), .all = show.all};
}

void require_one_listing(const Arguments& arguments) {
  const ShowArguments& show = arguments.show;
  const bool is_of_tree = (show.depth || show.all) && !show.tree;
  if (!is_of_tree && !(show.tensors && show.tree)) return;
  const Words rest = without(arguments.words, {"--tensors", "--statistics", "--tree"});
  throw Error(Errc::usage,
              is_of_tree ? fmt::format("{} is of --tree", show.depth ? "--depth" : "--all")
                         : "--tensors and --tree are two listings",
              command_of(with(rest, {"--tree"})));
}

void require_listing(const Arguments& arguments) {
  if (arguments.show.tensors || arguments.show.tree) return;
  throw Error(Errc::usage,
              fmt::format("{} is a file and no snapshot: show lists its --tensors or its --tree",
                          arguments.reference),
              command_of(with(arguments.words, {"--tree"})));
}

[[noreturn]] void throw_no_input(const Arguments& arguments) {
  const auto input = input_file();
  const auto mended = input ? with_word(arguments.words, "-", *input) : std::nullopt;
  throw Error(Errc::usage, "show reads a file or a snapshot, not standard input",
              mended ? command_of(*mended) : "brine help show");
}

int show_tree(const Arguments& arguments, const std::string& id, const std::vector<TreeRow>& rows) {
  write_output(arguments.global.json
                   ? tree_document(arguments.reference, id, rows)
                   : tree_text(arguments.reference, rows, room_of(Stream::output)));
  return exit_done;
}

void write_tensors(const Arguments& arguments, std::span<const TensorInfo> tensors) {
  const std::string text =
      tensors_text(tensors, room_of(Stream::output), Ink::of(Stream::output, arguments.global));
  write_output(text);
  if (!tensors.empty()) tell_of_columns(arguments.global, text, {"OFFSET", "BYTES"});
}

int show_file(const Arguments& arguments) {
  const std::string& file = arguments.reference;
  if (arguments.show.tree) {
    return show_tree(arguments, "", file_tree(file, tree_options(arguments.show)));
  }
  const std::vector<TensorInfo> tensors =
      file_tensors(file, {.statistics = arguments.show.statistics});
  if (arguments.global.json) {
    write_output(file_document(file, tensors));
  } else {
    write_tensors(arguments, tensors);
  }
  return exit_done;
}

}  // namespace

int run_show(const Arguments& arguments) {
  require_one_listing(arguments);
  if (arguments.reference == "-") throw_no_input(arguments);
  if (is_file(arguments.global, arguments.reference)) {
    require_listing(arguments);
    return show_file(arguments);
  }
  snapshot_of(arguments, arguments.reference);
  const Store store = open_store(arguments.global);
  const SnapshotDetail detail = store.show(arguments.reference);
  if (arguments.show.tree) {
    return show_tree(arguments, detail.snapshot.id,
                     store.tree(detail.snapshot.id, tree_options(arguments.show)));
  }
  std::optional<std::vector<TensorInfo>> tensors;
  // By its id: a reference may have come to name another snapshot meanwhile.
  if (arguments.show.tensors) {
    tensors = store.tensors(detail.snapshot.id, {.statistics = arguments.show.statistics});
  }
  if (arguments.global.json) {
    write_output(show_document(detail, tensors));
  } else if (tensors) {
    write_tensors(arguments, *tensors);
  } else {
    write_text(show_text(detail, Ink::of(Stream::output, arguments.global)));
  }
  return exit_done;
}

int run_scan(const Arguments& arguments) {
  const ScanArguments& scan = arguments.scan;
  const ScanReport report = scan_of(scan);
  if (arguments.global.json) {
    write_output(scan_document(scan.file, report));
  } else {
    write_text(scan_text(scan.file, report, Ink::of(Stream::output, arguments.global)));
  }
  if (report.verdict == Verdict::safe) return exit_done;
  if (report.verdict == Verdict::unknown) tell_how_to_trust(arguments, report.findings);
  return exit_findings;
}

int run_version(const Arguments& arguments) {
  write_output(arguments.global.json ? version_document() : fmt::format("brine {}\n", version()));
  return exit_done;
}

}  // namespace brine::cli
