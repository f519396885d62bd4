#include "store/candidate.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "io/file.hpp"

namespace brine::store {
namespace {

namespace fs = std::filesystem;

// Edits need every push, not only the distinct symbols.
Limits limits_for_edits(Limits limits) {
  limits.max_text_bytes *= 16;
  limits.max_memo_entries *= 16;
  return limits;
}

std::string findings_in_short(const ScanReport& scan, Verdict verdict) {
  std::string text;
  std::size_t count = 0;
  for (const Finding& finding : scan.findings) {
    if (finding.verdict != verdict) continue;
    if (++count <= 3) text += (text.empty() ? "" : "; ") + finding.reason;
  }
  return count > 3 ? fmt::format("{}; and {} more", text, count - 3) : text;
}

}  // namespace

Candidate::Candidate(const Store::Impl& store, const Snapshot& snapshot, const LoadOptions& options,
                     std::span<const migrate::Step> steps)
    : store_(store),
      options_(options),
      policy_(options.trusted),
      manifest_(store.manifest(snapshot.id)),
      pack_(open_pack()) {
  plan(later_steps(steps, manifest_.steps));
}

LoadReport Candidate::deliver(Target& target) {
  if (!target.can_restart()) {
    NullSink nowhere;
    check(send(nowhere, payload_bytes(), {}));
  }
  target.begin(payload_bytes());
  Analysis analysis = send(target, payload_bytes(), options_.progress);
  check(analysis);
  LoadReport report;
  report.served = manifest_.snapshot.id;
  report.line = manifest_.snapshot.line;
  report.seq = manifest_.snapshot.seq;
  report.payload_bytes = payload_bytes();
  report.origin = manifest_.snapshot.origin;
  report.scan = std::move(analysis.report);
  report.migrations = std::move(renames_);
  return report;
}

std::unique_ptr<RandomSource> Candidate::open_pack() const {
  if (manifest_.blocks.empty()) return std::make_unique<io::MemoryFile>(ByteView{});
  const fs::path path = store_.layout.pack(manifest_.pack, manifest_.snapshot.codec);
  return in_context(store_.layout.inside(path), [&]() -> std::unique_ptr<RandomSource> {
    try {
      return std::make_unique<io::File>(path);
    } catch (const Error& error) {
      if (error.code() != Errc::not_found) throw;
      throw Error(Errc::corrupt, "the pack is missing", "brine verify");
    }
  });
}

void Candidate::decode(Sink& sink) const {
  const fs::path path = store_.layout.pack(manifest_.pack, manifest_.snapshot.codec);
  in_context(store_.layout.inside(path),
             [&] { pack::read(*pack_, manifest_.blocks, store_.reader_options(manifest_), sink); });
}

// Finds what is renamed, and where.
void Candidate::plan(const std::vector<const migrate::Step*>& steps) {
  renames_ = migrate::plan(manifest_.scan.symbols, steps);
  if (renames_.empty()) return;
  if (manifest_.snapshot.format != "pickle" || !manifest_.scan.complete) {
    throw Error(Errc::unsupported,
                fmt::format("{} of its symbols are renamed by registered tables, and names inside "
                            "a {} cannot be rewritten yet",
                            renames_.size(), manifest_.snapshot.format),
                fmt::format("brine load {} --no-migrate", manifest_.snapshot.id.substr(0, 12)));
  }
  const Limits limits = limits_for_edits(store_.open_options.limits);
  Analyst analyst(policy_, pickle::Detail::pushes, limits);
  decode(analyst);
  analyst.finish();
  edits_ = pickle::rename(analyst.machine(), [&](const Symbol& symbol) {
    const auto way = migrate::follow(symbol, steps);
    return way ? std::optional(way->to) : std::nullopt;
  });
}

std::uint64_t Candidate::payload_bytes() const {
  return pickle::edited_bytes(manifest_.snapshot.payload_bytes, edits_);
}

// Decodes, edits, scans and sends the payload; returns what the scan saw.
Analysis Candidate::send(Sink& sink, std::uint64_t total, const Progress& progress) const {
  Analyst analyst(policy_, pickle::Detail::symbols, store_.open_options.limits);
  Tee tee(analyst, sink, progress, total);
  pickle::EditingSink editor(tee, edits_);
  decode(editor);
  editor.finish();
  if (!analyst.wants_payload()) return analyst.finish();
  const auto payload =
      pack::open_payload(*pack_, manifest_.blocks, store_.reader_options(manifest_));
  return analyst.finish(*payload);
}

void Candidate::check(const Analysis& analysis) const {
  check_renames(analysis.report);
  if (analysis.report.verdict != Verdict::dangerous || options_.unsafe) return;
  throw Error(Errc::refused,
              fmt::format("the payload is dangerous: {}",
                          findings_in_short(analysis.report, Verdict::dangerous)),
              fmt::format("brine show {}", manifest_.snapshot.id.substr(0, 12)));
}

// After an edit the machine must see the same symbols as before, but for the planned names.
void Candidate::check_renames(const ScanReport& scan) const {
  if (edits_.empty()) return;
  std::map<Symbol, std::uint64_t> expected;
  for (const SymbolCount& each : manifest_.scan.symbols) {
    const auto rename = std::find_if(renames_.begin(), renames_.end(),
                                     [&](const Rename& r) { return r.from == each.symbol; });
    expected[rename == renames_.end() ? each.symbol : rename->to] += each.count;
  }
  std::map<Symbol, std::uint64_t> found;
  for (const SymbolCount& each : scan.symbols) found[each.symbol] += each.count;
  if (found == expected) return;
  throw Error(Errc::internal, "the edited payload does not push the planned symbols");
}

}  // namespace brine::store
