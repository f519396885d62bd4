#include "store/analysis.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

#include "base/text.hpp"
#include "brine/error.hpp"
#include "io/file.hpp"
#include "store/concerns.hpp"
#include "tensor/joblib.hpp"

namespace brine::store {
namespace {

constexpr std::size_t most_findings = 1000;
constexpr std::size_t piece_bytes = 1U << 20;
constexpr std::string_view joblib_format = "joblib";
const std::string as_plain = "read as a plain pickle: ";

}  // namespace

Analyst::Analyst(const scan::Policy& policy, pickle::Detail detail, const Limits& limits,
                 const pickle::Extensions* extensions)
    : policy_(policy), limits_(limits), machine_(detail, limits, extensions) {}

void Analyst::write(ByteView bytes) {
  offset_ += bytes.size();
  if (!format_) {
    const std::size_t missing = archive::sniff_bytes - head_.size();
    const ByteView front = bytes.first(std::min(missing, bytes.size()));
    head_.insert(head_.end(), front.begin(), front.end());
    bytes = bytes.subspan(front.size());
    if (head_.size() < archive::sniff_bytes) return;
    settle_format();
  }
  if (stream_) stream_->write(bytes);
}

std::uint64_t Analyst::pass(std::uint64_t available) {
  if (!format_) return 0;
  const std::uint64_t passed = stream_ ? stream_->pass(available) : available;
  offset_ += passed;
  return passed;
}

void Analyst::settle_format() {
  format_ = archive::sniff(head_);
  is_tar_besides_ = *format_ != archive::Format::tar && archive::is_tar_header(head_);
  const bool is_legacy = *format_ == archive::Format::torch_legacy;
  if (is_legacy || *format_ == archive::Format::pickle) {
    stream_.emplace(machine_, 0, is_legacy ? archive::torch_legacy_pickles : limits_.max_pickles,
                    limits_);
    stream_->write(head_);
  }
  head_ = {};
}

bool Analyst::wants_payload() const {
  return (format_ ? *format_ : archive::sniff(head_)) != archive::Format::pickle;
}

void Analyst::add(Finding finding) {
  analysis_.report.verdict = std::max(analysis_.report.verdict, finding.verdict);
  if (analysis_.report.findings.size() < most_findings) {
    analysis_.report.findings.push_back(std::move(finding));
  } else {
    ++findings_left_out_;
    worst_left_out_ = std::max(worst_left_out_, finding.verdict);
  }
}

void Analyst::add(Verdict verdict, std::uint64_t offset, std::string reason) {
  add(Finding{verdict, offset, std::move(reason)});
}

// Judges one stream of pickles inside a container, or the payload itself.
void Analyst::judge_stream(const PickleStream& stream, const std::string& where, Behind behind) {
  ScanReport& report = analysis_.report;
  report.pickles += stream.pickles();
  report.opcodes += stream.opcodes();
  if (!stream.reason().empty()) {
    // What a loader does before the place where it fails, it has done: a broken tail is no excuse.
    // Where only the end is missing, there is nothing else to be found out.
    const bool is_bad = stream.has_acted() || stream.is_no_chance();
    add(is_bad && !stream.is_cut_short() ? Verdict::dangerous : Verdict::unknown,
        stream.failed_at(), fmt::format("{}no pickle to its end: {}", where, stream.reason()));
  }
  if (stream.has_trailing_bytes() && behind == Behind::nothing) {
    add(Verdict::unknown, stream.end(), where + "bytes follow the last pickle");
  }
}

// Whoever hands the file to pickle.load instead of joblib runs the elements of arrays as opcodes.
// By chance they name nothing, so what they name counts; that they break off, or seem to begin
// another pickle, says nothing.
void Analyst::judge_as_plain_pickle(const pickle::Machine& plain) {
  std::map<Symbol, pickle::Roles> told;
  for (const pickle::MetSymbol& met : machine_.symbols()) told[met.symbol] = met.roles;
  std::vector<scan::SeenSymbol> only_here;
  for (const pickle::MetSymbol& met : plain.symbols()) {
    // As `config.json` and the padding behind it in a tar: such a name cannot be imported.
    if ((met.symbol.module + met.symbol.name).find('\0') != std::string::npos) continue;
    const auto known = told.find(met.symbol);
    if (known == told.end() || (met.roles & ~known->second) != 0) only_here.push_back(seen(met));
  }
  for (Finding& finding : scan::judge(only_here, policy_)) {
    add(finding.verdict, finding.offset, as_plain + finding.reason);
  }
  add_all(concern_findings(plain, policy_, as_plain, &machine_));
  if (!plain.loaded().empty() && machine_.loaded().empty()) {
    add(Verdict::unknown, plain.loaded().front().offset, as_plain + std::string(unseen_loading));
  }
  if (plain.hides_name()) add(Verdict::dangerous, 0, as_plain + "it imports a name that is hidden");
}

// Once more from the front, now knowing that arrays stand between the opcodes. Returns where the
// object ends, if more than white space follows.
std::optional<std::uint64_t> Analyst::read_joblib(Source& payload, const std::string& where) {
  const pickle::Machine plain = std::exchange(
      machine_, pickle::Machine(pickle::Detail::symbols, limits_, machine_.known_extensions()));
  tensor::JoblibReader reader(&machine_, limits_);
  Bytes piece(piece_bytes);
  std::uint64_t behind = 0;
  while (const std::size_t count = payload.read(piece)) {
    const ByteView bytes = ByteView(piece).first(count);
    const ByteView rest = bytes.subspan(reader.feed(bytes));
    behind += static_cast<std::uint64_t>(std::count_if(
        rest.begin(), rest.end(), [](std::byte each) { return !is_white_space(each); }));
  }
  reader.finish();
  ScanReport& report = analysis_.report;
  report.pickles += reader.inner_machines().size();
  report.opcodes += reader.opcode_count();
  inner_machines_ = reader.take_inner_machines();
  judge_as_plain_pickle(plain);
  for (const pickle::MetSymbol& met : machine_.symbols()) {
    const bool is_hidden = tensor::is_joblib_wrapper(met.symbol) &&
                           (met.roles & (pickle::role::value | pickle::role::called)) != 0;
    if (is_hidden) {
      add(Verdict::dangerous, met.offset,
          where +
              "the class that arrays follow is used in another way: readers may disagree on "
              "where arrays stand");
    }
  }
  if (reader.state() == pickle::TokenReader::State::stopped) {
    ++report.pickles;
    return behind > 0 ? std::optional(reader.offset()) : std::nullopt;
  }
  analysis_.incomplete = fmt::format("{}as a file of joblib it fails at byte {}: {}", where,
                                     reader.offset(), reader.reason());
  add(reader.is_cut_short() ? Verdict::unknown : Verdict::dangerous, reader.offset(),
      analysis_.incomplete);
  return std::nullopt;
}

// What the payload is when it is no container with a directory.
void Analyst::judge_payload() {
  if (!format_) settle_format();
  ScanReport& report = analysis_.report;
  report.verdict = Verdict::safe;
  report.format = archive::to_string(*format_);
  if (is_tar_besides_) {
    add(Verdict::dangerous, 0, "it begins like a tar too, which torch looks for first");
  }
  if (!stream_) return;  // look_inside() tells
  stream_->finish();
  const auto& symbols = machine_.symbols();
  if (std::any_of(symbols.begin(), symbols.end(),
                  [](const auto& met) { return tensor::is_joblib_wrapper(met.symbol); })) {
    report.format = joblib_format;
    return;
  }
  const bool is_legacy = *format_ == archive::Format::torch_legacy;
  judge_stream(*stream_, "", is_legacy ? Behind::others : Behind::nothing);
  if (stream_->reason().empty()) return;
  if (stream_->pickles() == 0 || is_legacy || stream_->is_cut_short()) {
    analysis_.incomplete =
        fmt::format("as a pickle it fails at byte {}: {}", stream_->failed_at(), stream_->reason());
    if (stream_->opcodes() < 2 && machine_.highest_protocol() == 0) report.format = "unknown";
  }
}

bool Analyst::is_joblib() const { return analysis_.report.format == joblib_format; }

void Analyst::leave_container() {
  add(Verdict::unknown, 0, "a container: its content was not looked into");
}

Analysis Analyst::finish(const RandomSource& payload) {
  judge_payload();
  if (is_joblib()) {
    io::SequentialSource source(payload);
    if (const auto end = read_joblib(source, "")) look_behind(payload, *end, "");
  }
  look_into_loaded(payload);
  look_inside(payload);
  return conclude();
}

Analysis Analyst::finish() {
  judge_payload();
  if (wants_payload()) leave_container();
  if (is_joblib()) {
    add(machine_.hides_name() ? Verdict::dangerous : Verdict::unknown, 0,
        "arrays stand between the opcodes: what follows the first one was not looked into");
  }
  return conclude();
}

void Analyst::add_all(std::vector<Finding> findings) {
  for (Finding& finding : findings) add(std::move(finding));
}

Analysis Analyst::conclude() {
  ScanReport& report = analysis_.report;
  report.payload_bytes = offset_;
  report.complete = analysis_.incomplete.empty();
  std::vector<scan::SeenSymbol> symbols;
  const auto collect = [&](const pickle::Machine& machine) {
    for (const pickle::MetSymbol& met : machine.symbols()) {
      symbols.push_back(seen(met));
      if (met.count == 0) continue;
      // A pickle may name anything; reports are text. What is escaped here could not be imported.
      counts_[{base::printable(met.symbol.module), base::printable(met.symbol.name)}] += met.count;
    }
    report.protocol = std::max(report.protocol, machine.highest_protocol());
    add_all(concern_findings(machine, policy_));
    add_all(nested_findings(machine, policy_, limits_));
    if (!machine.loaded().empty() && !(has_loaded_ && &machine == &machine_)) {
      add(Verdict::unknown, machine.loaded().front().offset, std::string(unseen_loading));
    }
    for (const std::uint64_t offset : machine.extensions()) {
      add(Verdict::unknown, offset, std::string(unknown_extension));
    }
  };
  collect(machine_);
  for (const auto& machine : inner_machines_) collect(*machine);
  for (const auto& [symbol, count] : counts_) report.symbols.push_back({symbol, count});
  add_all(scan::judge(symbols, policy_));
  std::stable_sort(report.findings.begin(), report.findings.end(),
                   [](const Finding& a, const Finding& b) { return a.offset < b.offset; });
  if (findings_left_out_ > 0) {
    report.findings.push_back(
        {worst_left_out_, offset_, fmt::format("and {} more findings", findings_left_out_)});
  }
  for (const pickle::Buffer& buffer : machine_.buffers()) {
    analysis_.buffers.push_back({buffer.offset, buffer.bytes});
  }
  return std::move(analysis_);
}

}  // namespace brine::store
