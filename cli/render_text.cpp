#include "render_text.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "text_table.hpp"
#include "units.hpp"
#include "wrap.hpp"

namespace brine::cli {
namespace {

constexpr std::size_t shown_symbols = 20;
constexpr std::size_t shown_findings = 20;
constexpr std::size_t least_label = 7;  // four characters and the dots
// The dtype of a row of many fields leaves room for the rest, and a path for what is at its end.
constexpr std::size_t least_dtype = 24;
constexpr std::size_t least_path = 30;
constexpr std::size_t least_shares = 16;

std::string field(std::string_view name, std::string_view value) {
  return value.empty() ? std::string() : fmt::format("{:<9} {}\n", name, value);
}

std::string painted(Verdict verdict, const Ink& ink) {
  switch (verdict) {
    case Verdict::safe:
      return ink.green(to_string(verdict));
    case Verdict::unknown:
      return ink.yellow(to_string(verdict));
    case Verdict::dangerous:
      return ink.red(to_string(verdict));
  }
  return std::string(to_string(verdict));
}

std::string metrics_of(const Snapshot& snapshot) {
  std::vector<std::string> metrics;
  for (const auto& [name, number] : snapshot.metrics) {
    metrics.push_back(std::isnan(number) ? fmt::format("{}=NaN", escaped(name))
                                         : fmt::format("{}={}", escaped(name), number));
  }
  return fmt::format("{}", fmt::join(metrics, " "));
}

std::string tags_of(const Snapshot& snapshot) {
  return escaped(fmt::format("{}", fmt::join(snapshot.tags, " ")));
}

std::string format_of(std::string_view format, int protocol) {
  return protocol == 0 ? escaped(format)
                       : fmt::format("{}, protocol {}", escaped(format), protocol);
}

std::string age_of(const Snapshot& snapshot) {
  return human_seconds(seconds_between(snapshot.created, now_utc()));
}

// The state, and the verdict unless it is the good one.
std::string standing_of(const Snapshot& snapshot) {
  const std::string_view state = to_string(snapshot.state);
  return snapshot.verdict == Verdict::safe
             ? std::string(state)
             : fmt::format("{}/{}", state, to_string(snapshot.verdict));
}

std::string rest_of(std::size_t all, std::size_t shown, std::string_view noun) {
  return all > shown ? fmt::format("  and {} (--json has all)\n",
                                   counted(all - shown, fmt::format("more {}", noun)))
                     : std::string();
}

std::string symbols_text(std::span<const SymbolCount> symbols) {
  if (symbols.empty()) return {};
  std::string text = fmt::format("\nsymbols ({})\n", grouped(symbols.size()));
  for (const SymbolCount& symbol : symbols.first(std::min(symbols.size(), shown_symbols))) {
    text += fmt::format("  {:>6}  {}\n", symbol.count, escaped(spelled(symbol.symbol)));
  }
  return text + rest_of(symbols.size(), shown_symbols, "symbol");
}

std::string findings_text(std::span<const Finding> findings, const Ink& ink) {
  if (findings.empty()) return {};
  std::string text = fmt::format("\nfindings ({})\n", grouped(findings.size()));
  for (const Finding& finding : findings.first(std::min(findings.size(), shown_findings))) {
    text += fmt::format("  {} at offset {}: {}\n", painted(finding.verdict, ink), finding.offset,
                        escaped(finding.reason));
  }
  return text + rest_of(findings.size(), shown_findings, "finding");
}

std::string problems_text(std::span<const Problem> problems, const Ink& ink) {
  std::string text;
  for (const Problem& problem : problems) {
    text +=
        fmt::format("{}  {}: {}\n", ink.red(info(problem.code).name),
                    with_short_ids(escaped(problem.where)), with_short_ids(escaped(problem.what)));
  }
  return text;
}

std::string buffers_of(const SnapshotDetail& detail) {
  std::uint64_t bytes = 0;
  for (const BufferInfo& buffer : detail.buffers) bytes += buffer.bytes;
  return detail.buffers.empty()
             ? std::string()
             : fmt::format("{}, {}", grouped(detail.buffers.size()), human_bytes(bytes));
}

std::string steps_of(const SnapshotDetail& detail) {
  std::vector<std::string> steps;
  for (const auto& [name, version] : detail.steps) {
    steps.push_back(fmt::format("{}:{}", escaped(name), version));
  }
  return fmt::format("{}", fmt::join(steps, " "));
}

std::string stored_of(const SnapshotDetail& detail) {
  const Snapshot& snapshot = detail.snapshot;
  return fmt::format("{}, {}, {}, {}", human_bytes(snapshot.stored_bytes),
                     human_ratio(snapshot.payload_bytes, snapshot.stored_bytes),
                     to_string(snapshot.codec), counted(detail.blocks.size(), "block"));
}

std::string identity_text(const Snapshot& snapshot, const Ink& ink) {
  return field("snapshot", ink.bold(snapshot.id)) + field("reference", reference_of(snapshot)) +
         field("parent", short_id(snapshot.parent)) +
         field("created", fmt::format("{} ({} ago)", escaped(snapshot.created), age_of(snapshot))) +
         field("step", snapshot.step ? fmt::format("{}", *snapshot.step) : "") +
         field("metrics", metrics_of(snapshot)) + field("tags", tags_of(snapshot)) +
         field("state", to_string(snapshot.state)) +
         field("verdict", painted(snapshot.verdict, ink)) +
         field("origin", to_string(snapshot.origin));
}

}  // namespace

std::string spelled(const Symbol& symbol) {
  return symbol.name.empty() ? symbol.module : fmt::format("{}:{}", symbol.module, symbol.name);
}

std::string_view short_id(std::string_view id) noexcept { return id.substr(0, 12); }

std::string reference_of(const Snapshot& snapshot) {
  return fmt::format("{}:{}", escaped(snapshot.line), snapshot.seq);
}

std::string save_text(const Snapshot& snapshot) {
  return fmt::format("{}  {}  {} as {}, {}, {}\n", reference_of(snapshot), short_id(snapshot.id),
                     human_bytes(snapshot.payload_bytes), human_bytes(snapshot.stored_bytes),
                     human_ratio(snapshot.payload_bytes, snapshot.stored_bytes),
                     to_string(snapshot.codec));
}

std::string log_text(std::span<const Snapshot> snapshots, const std::optional<std::string>& line,
                     unsigned width, const Ink& ink) {
  // Of one line the number is enough; of several, the whole reference can be pasted.
  TextTable table({{"ID"},
                   {line ? "SEQ" : "REF", line ? Align::right : Align::left, Keep::always,
                    Cut::back, line ? 0 : least_label},
                   {"AGE", Align::right, Keep::unless_narrow},
                   {"STEP", Align::right},
                   {"PAYLOAD", Align::right},
                   {"STORED", Align::right, Keep::where_it_fits},
                   {"RATIO", Align::right, Keep::unless_narrow},
                   {"CODEC", Align::left, Keep::unless_narrow},
                   {"STATE"},
                   {"TAGS", Align::left, Keep::always, Cut::back, least_label}});
  for (const Snapshot& snapshot : snapshots) {
    table.add({std::string(short_id(snapshot.id)),
               line ? fmt::format("{}", snapshot.seq) : reference_of(snapshot), age_of(snapshot),
               snapshot.step ? fmt::format("{}", *snapshot.step) : "",
               human_bytes(snapshot.payload_bytes), human_bytes(snapshot.stored_bytes),
               human_ratio(snapshot.payload_bytes, snapshot.stored_bytes),
               to_string(snapshot.codec), standing_of(snapshot), tags_of(snapshot)});
  }
  return table.text(width, ink);
}

std::string show_text(const SnapshotDetail& detail, const Ink& ink) {
  const Snapshot& snapshot = detail.snapshot;
  return identity_text(snapshot, ink) +
         field("format", format_of(snapshot.format, snapshot.protocol)) +
         field("payload", fmt::format("{} ({} bytes)", human_bytes(snapshot.payload_bytes),
                                      grouped(snapshot.payload_bytes))) +
         field("stored", stored_of(detail)) + field("pack", escaped(detail.pack)) +
         field("wrapper", escaped(detail.wrapper)) + field("buffers", buffers_of(detail)) +
         field("tables", steps_of(detail)) + symbols_text(detail.symbols) +
         findings_text(detail.findings, ink);
}

namespace {

// Five cells. Where nothing was measured, the first says why.
std::vector<std::string> statistics_cells(const TensorInfo& tensor) {
  if (!tensor.statistics) return {tensor.unmeasured, "", "", "", ""};
  const TensorStatistics& statistics = *tensor.statistics;
  const auto spelled = [&](const std::optional<TensorStatistics::Number>& number) {
    if (!number) return std::string("-");
    const std::string text = std::visit(
        [](auto value) {
          if constexpr (std::is_floating_point_v<decltype(value)>)
            return fmt::format("{:.6g}", value);
          return fmt::format("{}", value);
        },
        *number);
    return statistics.is_raw ? text + " raw" : text;
  };
  return {spelled(statistics.min), spelled(statistics.max), fmt::format("{}", statistics.nans),
          fmt::format("{}", statistics.infinities), fmt::format("{}", statistics.zeros)};
}

std::string shape_of(const TensorInfo& tensor) {
  return tensor.shape.empty() ? "()" : fmt::format("{}", fmt::join(tensor.shape, "x"));
}

std::string sum_text(std::span<const TensorInfo> tensors) {
  std::uint64_t bytes = 0;
  std::uint64_t shared = 0;
  for (const TensorInfo& tensor : tensors) {
    bytes += tensor.bytes - tensor.shared_bytes;
    shared += tensor.shared_bytes;
  }
  const std::string again =
      shared > 0 ? fmt::format("; {} more are shared", human_bytes(shared)) : std::string();
  return fmt::format("{}, {}{}\n", counted(tensors.size(), "tensor"), human_bytes(bytes), again);
}

}  // namespace

std::string tensors_text(std::span<const TensorInfo> tensors, unsigned width, const Ink& ink) {
  if (tensors.empty()) return "no tensors\n";
  const bool has_statistics = std::any_of(tensors.begin(), tensors.end(), [](const auto& tensor) {
    return tensor.statistics || !tensor.unmeasured.empty();
  });
  // Who asks for statistics wants them rather than places.
  const Keep place = has_statistics ? Keep::where_it_fits : Keep::unless_narrow;
  TextTable table({{"DTYPE", Align::left, Keep::at_last, Cut::back, least_dtype},
                   {"SHAPE", Align::left, Keep::at_last},
                   {"OFFSET", Align::right, Keep::where_it_fits},
                   {"BYTES", Align::right, place},
                   {"MIN", Align::right, Keep::unless_narrow},
                   {"MAX", Align::right, Keep::unless_narrow},
                   {"NAN", Align::right, Keep::unless_narrow},
                   {"INF", Align::right, Keep::unless_narrow},
                   {"ZEROS", Align::right, Keep::unless_narrow},
                   {"PATH", Align::left, Keep::always, Cut::front, least_path},
                   {"SHARES", Align::left, Keep::unless_narrow, Cut::front, least_shares}});
  for (const TensorInfo& tensor : tensors) {
    std::vector<std::string> cells{escaped(tensor.dtype), shape_of(tensor),
                                   tensor.offset ? fmt::format("{}", *tensor.offset) : "-",
                                   human_bytes(tensor.bytes)};
    for (std::string& cell : statistics_cells(tensor)) cells.push_back(std::move(cell));
    cells.push_back(tensor.path.empty() ? "." : escaped(tensor.path));
    cells.push_back(escaped(tensor.shares.value_or("")));
    table.add(std::move(cells));
  }
  return table.text(width, ink) + sum_text(tensors);
}

namespace {

// Whether another row of the same level and parent follows each one.
std::vector<bool> have_next(std::span<const TreeRow> rows) {
  std::vector<bool> next(rows.size());
  std::vector<bool> open;  // by level, seen from the end
  for (std::size_t i = rows.size(); i-- > 0;) {
    const std::size_t level = rows[i].level;
    if (open.size() <= level) open.resize(level + 1);
    next[i] = open[level];
    open.resize(level + 1);
    open[level] = true;
  }
  return next;
}

// The line, or as much of it as leaves room for three dots.
std::string within(std::string line, std::size_t width) {
  if (columns_of(line) <= width) return line;
  while (!line.empty() && columns_of(line) + 3 > width) {
    while ((static_cast<unsigned char>(line.back()) & 0xc0) == 0x80) line.pop_back();
    line.pop_back();
  }
  return line + "...";
}

std::string tree_line(const TreeRow& row) {
  if (row.text.empty()) return escaped(row.name);
  return row.name.empty() ? escaped(row.text)
                          : fmt::format("{}: {}", escaped(row.name), escaped(row.text));
}

}  // namespace

std::string tree_text(std::string_view target, std::span<const TreeRow> rows, unsigned width) {
  const std::vector<bool> next = have_next(rows);
  std::string text;
  std::string branches;  // four columns for each level
  for (std::size_t i = 0; i < rows.size(); ++i) {
    std::string line;
    if (rows[i].level == 0) {
      line = fmt::format("{}{}", escaped(target), rows[i].name.empty() ? ": " : " ");
    } else {
      branches.resize(4 * (std::size_t{rows[i].level} - 1));
      line = branches + (next[i] ? "|-- " : "`-- ");
      branches += next[i] ? "|   " : "    ";
    }
    line += tree_line(rows[i]);
    text += within(std::move(line), width) + '\n';
  }
  return text;
}

std::string scan_text(std::string_view file, const ScanReport& report, const Ink& ink) {
  const std::string_view end = report.complete ? "complete" : "not complete";
  return fmt::format("{}: {}\n", escaped(file), painted(report.verdict, ink)) +
         field("format", format_of(report.format, report.protocol)) +
         field("payload", fmt::format("{} ({} bytes)", human_bytes(report.payload_bytes),
                                      grouped(report.payload_bytes))) +
         field("pickles", fmt::format("{}, {}, {}", grouped(report.pickles),
                                      counted(report.opcodes, "opcode"), end)) +
         symbols_text(report.symbols) + findings_text(report.findings, ink);
}

std::string verify_text(const VerifyReport& report, const Ink& ink) {
  const std::string found = report.problems.empty()
                                ? ink.green("no problems")
                                : ink.red(counted(report.problems.size(), "problem"));
  return problems_text(report.problems, ink) +
         fmt::format("{}, {}, {} read: {}\n", counted(report.snapshots, "snapshot"),
                     counted(report.blocks, "block"), human_bytes(report.stored_bytes), found);
}

std::string reindex_text(const ReindexReport& report, const Ink& ink) {
  std::string text = problems_text(report.problems, ink) +
                     fmt::format("{} in the catalog", counted(report.snapshots, "snapshot"));
  if (!report.problems.empty()) {
    text += fmt::format(", {}", counted(report.problems.size(), "problem"));
  }
  if (report.snapshots > 0 && !report.knows_marks) {
    text += "\nthe old catalog cannot say which of them are damaged: brine verify";
  }
  return text + '\n';
}

std::string tables_text(std::span<const TableStatus> tables, unsigned width, const Ink& ink) {
  TextTable table(
      {{"STEP"}, {"RULES", Align::right}, {"SNAPSHOTS", Align::right}, {"REGISTERED"}, {"TITLE"}});
  for (const TableStatus& status : tables) {
    table.add({fmt::format("{}:{}", escaped(status.table.name), status.table.version),
               fmt::format("{}", status.table.rules.size()), fmt::format("{}", status.snapshots),
               escaped(std::string_view(status.registered).substr(0, 10)),
               escaped(status.table.title)});
  }
  return table.text(width, ink);
}

std::string plan_text(const MigrationPlan& plan) {
  if (plan.renames.empty()) {
    return fmt::format("{}: nothing to rewrite ({} later than it)\n", short_id(plan.snapshot),
                       counted(plan.steps.size(), "step"));
  }
  std::string text =
      fmt::format("{}: {} of {}\n", short_id(plan.snapshot), counted(plan.renames.size(), "name"),
                  counted(plan.steps.size(), "step"));
  for (const Rename& rename : plan.renames) {
    text += fmt::format("- {}\n+ {}  ({}, {})\n", escaped(spelled(rename.from)),
                        escaped(spelled(rename.to)), counted(rename.count, "time"),
                        escaped(fmt::format("{}", fmt::join(rename.steps, ", "))));
  }
  return text;
}

}  // namespace brine::cli
