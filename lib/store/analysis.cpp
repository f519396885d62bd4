#include "store/analysis.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "archive/npy.hpp"
#include "archive/zip.hpp"
#include "base/text.hpp"
#include "brine/error.hpp"
#include "codec/codec.hpp"
#include "io/file.hpp"
#include "io/range.hpp"
#include "store/read_through.hpp"
#include "tensor/joblib.hpp"

namespace brine::store {
namespace {

constexpr std::size_t most_findings = 1000;
constexpr std::uint64_t piece_bytes = 1ULL << 20;
constexpr std::string_view joblib_format = "joblib";
const std::string as_plain = "read as a plain pickle: ";

std::optional<CodecId> codec_of(archive::Format format) {
  switch (format) {
    case archive::Format::gzip:
      return CodecId::gzip;
    case archive::Format::bzip2:
      return CodecId::bzip2;
    case archive::Format::xz:
      return CodecId::xz;
    case archive::Format::zstd:
      return CodecId::zstd;
    default:
      return std::nullopt;
  }
}

std::string lower_case(std::string text) {
  for (char& c : text) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return text;
}

bool begins_like_pickle(const RandomSource& payload, const archive::ZipMember& member) {
  std::byte first{};
  if (member.bytes > 0) payload.read_at(member.offset, {&first, 1});
  return first == protocol_opcode;
}

scan::SeenSymbol seen(const pickle::MetSymbol& met) {
  return {met.symbol, met.protocol, met.count, met.offset};
}

std::string describe(const pickle::Machine& machine, const pickle::Concern& concern) {
  using Kind = pickle::Concern::Kind;
  if (concern.kind == Kind::shared_memo) {
    return "the memo of the pickle before it decides what is read here: not every reader keeps it";
  }
  const Symbol& symbol = machine.symbols()[concern.symbol].symbol;
  const std::string name = base::printable(fmt::format("{}:{}", symbol.module, symbol.name));
  switch (concern.kind) {
    case Kind::changes_import:
      return name + " itself is changed, not an instance of it";
    case Kind::forged_objects:
      return name + " is made to take bytes for pointers to objects";
    default:
      return name + " is given fields or flags that numpy believes: wrong ones corrupt memory";
  }
}

// Whether `other` gives rise to the same concern as `machine`.
bool has_concern(const pickle::Machine& other, const pickle::Machine& machine,
                 const pickle::Concern& concern) {
  const auto symbol_of = [](const pickle::Machine& from, const pickle::Concern& each) {
    return from.symbols().empty() ? Symbol{} : from.symbols()[each.symbol].symbol;
  };
  const auto& others = other.concerns();
  return std::any_of(others.begin(), others.end(), [&](const pickle::Concern& each) {
    return each.kind == concern.kind && symbol_of(other, each) == symbol_of(machine, concern);
  });
}

}  // namespace

Analyst::Analyst(const scan::Policy& policy, pickle::Detail detail, const Limits& limits)
    : policy_(policy), limits_(limits), machine_(detail, limits) {}

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
  const bool is_legacy = *format_ == archive::Format::torch_legacy;
  if (is_legacy || *format_ == archive::Format::pickle) {
    stream_.emplace(machine_, 0, is_legacy ? archive::torch_legacy_pickles : limits_.max_pickles,
                    limits_);
    stream_->write(head_);
  }
  head_ = {};
}

bool Analyst::wants_payload() const {
  const archive::Format format = format_ ? *format_ : archive::sniff(head_);
  return format == archive::Format::zip || format == archive::Format::npy || codec_of(format);
}

void Analyst::add(Verdict verdict, std::uint64_t offset, std::string reason) {
  if (analysis_.report.findings.size() < most_findings) {
    analysis_.report.findings.push_back({verdict, offset, std::move(reason)});
  } else {
    ++findings_left_out_;
    worst_left_out_ = std::max(worst_left_out_, verdict);
  }
  analysis_.report.verdict = std::max(analysis_.report.verdict, verdict);
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

bool Analyst::read_pickle(const RandomSource& payload, std::uint64_t offset, std::uint64_t bytes,
                          std::uint64_t max_pickles, const std::string& where) {
  PickleStream stream(machine_, offset, max_pickles, limits_);
  read_through(io::Range(payload, offset, bytes), stream);
  stream.finish();
  judge_stream(stream, where);
  return !stream.is_cut_short();
}

void Analyst::look_into_npy(const RandomSource& payload, std::uint64_t offset, std::uint64_t bytes,
                            const std::string& where) {
  const archive::NpyHeader header = archive::read_npy(payload, offset, bytes);
  const std::uint64_t rest = bytes - header.bytes;
  if (header.data_bytes && *header.data_bytes > rest) {
    throw Error(Errc::corrupt, fmt::format("{}the array has {} of its {} bytes: it is truncated",
                                           where, rest, *header.data_bytes));
  }
  if (!header.holds_objects) return;
  if (!read_pickle(payload, offset + header.bytes, rest, 1, where)) {
    throw Error(Errc::corrupt, where + "the objects of the array are truncated");
  }
}

// Of one member: what it holds, or that this was not found out.
void Analyst::look_into_member(const RandomSource& payload, const archive::ZipMember& member) {
  const std::string name = lower_case(member.name);  // as torch's reader compares names
  const std::string where = "in " + base::printable(member.name) + ": ";
  const bool is_pickle = name.ends_with(".pkl") || name.ends_with(".pickle");
  // Storages of a torch zip are raw numbers; anything else may be a pickle under any name.
  const bool is_storage = name.find("/data/") != std::string::npos && !is_pickle;
  if (member.method != 0) {
    add(Verdict::unknown, member.offset, where + "compressed, not looked into");
  } else if (name.ends_with(".npy")) {
    look_into_npy(payload, member.offset, member.bytes, where);
  } else if (is_pickle || (!is_storage && begins_like_pickle(payload, member))) {
    read_pickle(payload, member.offset, member.bytes, limits_.max_pickles, where);
  }
}

void Analyst::look_into_zip(const RandomSource& payload) {
  const auto members = archive::read_zip(payload, limits_);
  const std::string_view format = archive::zip_format(members);
  analysis_.report.format = format;
  for (const archive::ZipMember& member : members) look_into_member(payload, member);
  if (format != "torch-zip" && format != "npz") {
    add(Verdict::unknown, 0,
        fmt::format("{}: only members that look like pickles were looked into", format));
  }
}

// One level deep: a compressed file in a compressed file is opaque.
void Analyst::look_into_compressed(const RandomSource& payload, CodecId codec) {
  io::SequentialSource stored(payload);
  const auto decoded = codec::make_decoding_source(codec, stored, limits_);
  Analyst inner(policy_, pickle::Detail::symbols, limits_);
  Bytes piece(piece_bytes);
  while (const std::size_t count = decoded->read(piece)) inner.write(ByteView(piece).first(count));
  inner.judge_payload();
  if (inner.wants_payload()) inner.leave_container();
  if (inner.analysis_.report.format == joblib_format) {
    io::SequentialSource again(payload);
    inner.read_joblib(*codec::make_decoding_source(codec, again, limits_), "");
  }
  const Analysis inside = inner.conclude();
  analysis_.report.pickles += inside.report.pickles;
  analysis_.report.opcodes += inside.report.opcodes;
  analysis_.report.protocol = inside.report.protocol;
  analysis_.report.symbols = inside.report.symbols;
  if (inside.report.payload_bytes == 0) {
    analysis_.incomplete = "it holds no byte";
  } else if (!inside.incomplete.empty()) {
    analysis_.incomplete = "decoded: " + inside.incomplete;
  }
  if (inside.report.verdict == Verdict::safe) return;
  for (const Finding& finding : inside.report.findings) {
    add(finding.verdict, finding.offset, "decoded: " + finding.reason);
  }
}

// Whoever hands the file to pickle.load instead of joblib runs the elements of arrays as opcodes.
// By chance they name nothing, so what they name counts; that they break off says nothing.
void Analyst::judge_as_plain_pickle(const pickle::Machine& plain) {
  std::set<Symbol> told;
  for (const pickle::MetSymbol& met : machine_.symbols()) told.insert(met.symbol);
  std::vector<scan::SeenSymbol> only_here;
  for (const pickle::MetSymbol& met : plain.symbols()) {
    if (!told.contains(met.symbol)) only_here.push_back(seen(met));
  }
  for (Finding& finding : scan::judge(only_here, policy_)) {
    add(finding.verdict, finding.offset, as_plain + finding.reason);
  }
  add_concerns(plain, as_plain, &machine_);
  if (plain.hides_name()) add(Verdict::dangerous, 0, as_plain + "it imports a name that is hidden");
}

// Once more from the front, now knowing that arrays stand between the opcodes.
void Analyst::read_joblib(Source& payload, const std::string& where) {
  const pickle::Machine plain =
      std::exchange(machine_, pickle::Machine(pickle::Detail::symbols, limits_));
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
  if (reader.state() == pickle::TokenReader::State::stopped) {
    ++report.pickles;
    if (behind > 0) add(Verdict::unknown, reader.offset(), where + "bytes follow the last pickle");
    return;
  }
  analysis_.incomplete = fmt::format("{}as a file of joblib it fails at byte {}: {}", where,
                                     reader.offset(), reader.reason());
  add(reader.is_cut_short() ? Verdict::unknown : Verdict::dangerous, reader.offset(),
      analysis_.incomplete);
}

void Analyst::look_inside(const RandomSource& payload) {
  try {
    if (*format_ == archive::Format::zip) look_into_zip(payload);
    if (*format_ == archive::Format::npy) look_into_npy(payload, 0, payload.size(), "");
    if (const auto codec = codec_of(*format_)) look_into_compressed(payload, *codec);
  } catch (const Error& error) {
    // A stream that only another library can decode is whole for all we know.
    if (error.code() == Errc::unsupported) return add(Verdict::unknown, 0, error.what());
    if (error.code() != Errc::corrupt && error.code() != Errc::limit) throw;
    analysis_.incomplete = error.what();
    add(Verdict::dangerous, 0, error.what());
  }
}

// What the payload is when it is no container with a directory.
void Analyst::judge_payload() {
  if (!format_) settle_format();
  ScanReport& report = analysis_.report;
  report.verdict = Verdict::safe;
  report.format = archive::to_string(*format_);
  if (!stream_) {
    if (!wants_payload())
      add(Verdict::unknown, 0, report.format + ": its content was not looked into");
    return;
  }
  stream_->finish();
  const auto& symbols = machine_.symbols();
  if (std::any_of(symbols.begin(), symbols.end(),
                  [](const auto& met) { return tensor::is_joblib_wrapper(met.symbol); })) {
    report.format = joblib_format;
    return;
  }
  const bool is_legacy = *format_ == archive::Format::torch_legacy;
  judge_stream(*stream_, "", is_legacy ? Behind::raw_storages : Behind::nothing);
  if (stream_->reason().empty()) return;
  if (stream_->pickles() == 0 || is_legacy || stream_->is_cut_short()) {
    analysis_.incomplete =
        fmt::format("as a pickle it fails at byte {}: {}", stream_->failed_at(), stream_->reason());
    if (stream_->opcodes() < 2 && machine_.highest_protocol() == 0) report.format = "unknown";
  }
}

void Analyst::leave_container() {
  add(Verdict::unknown, 0, "a container: its content was not looked into");
}

Analysis Analyst::finish(const RandomSource& payload) {
  judge_payload();
  if (analysis_.report.format == joblib_format) {
    io::SequentialSource source(payload);
    read_joblib(source, "");
  }
  look_inside(payload);
  return conclude();
}

Analysis Analyst::finish() {
  judge_payload();
  if (wants_payload()) leave_container();
  if (analysis_.report.format == joblib_format) {
    add(machine_.hides_name() ? Verdict::dangerous : Verdict::unknown, 0,
        "arrays stand between the opcodes: what follows the first one was not looked into");
  }
  return conclude();
}

void Analyst::add_concerns(const pickle::Machine& machine, const std::string& where,
                           const pickle::Machine* told) {
  using Kind = pickle::Concern::Kind;
  for (const pickle::Concern& concern : machine.concerns()) {
    if (told != nullptr && has_concern(*told, machine, concern)) continue;
    const Verdict verdict =
        concern.kind == Kind::changes_import || concern.kind == Kind::forged_objects
            ? Verdict::dangerous
            : Verdict::unknown;
    if (concern.kind != Kind::shared_memo) {
      if (policy_.is_trusted(machine.symbols()[concern.symbol].symbol)) continue;
    }
    add(verdict, concern.offset, where + describe(machine, concern));
  }
}

Analysis Analyst::conclude() {
  ScanReport& report = analysis_.report;
  report.payload_bytes = offset_;
  report.complete = analysis_.incomplete.empty();
  std::vector<scan::SeenSymbol> symbols;
  std::map<Symbol, std::uint64_t> counts;
  const auto collect = [&](const pickle::Machine& machine) {
    for (const pickle::MetSymbol& met : machine.symbols()) {
      symbols.push_back(seen(met));
      // A pickle may name anything; reports are text. What is escaped here could not be imported.
      counts[{base::printable(met.symbol.module), base::printable(met.symbol.name)}] += met.count;
    }
    report.protocol = std::max(report.protocol, machine.highest_protocol());
    add_concerns(machine);
    for (const std::uint64_t offset : machine.extensions()) {
      add(Verdict::unknown, offset, "an extension code: only the loading process knows its symbol");
    }
  };
  collect(machine_);
  for (const auto& machine : inner_machines_) collect(*machine);
  for (const auto& [symbol, count] : counts) report.symbols.push_back({symbol, count});
  for (Finding& finding : scan::judge(symbols, policy_)) {
    add(finding.verdict, finding.offset, std::move(finding.reason));
  }
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
