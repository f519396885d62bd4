// Any bytes as a file to judge: the scan ends with a report, whatever is wrapped in what.
//
// What holds of every input: the report does not depend on the pieces that it comes in; half a file
// is not safe; who reads once only finds nothing safe that another finds bad; what is inside a
// compressed file, a tar or a zip looks no better than it does alone.
#include <algorithm>

#include "codec/codec.hpp"
#include "fuzz/fuzz.hpp"
#include "fuzz/sealed.hpp"
#include "io/file.hpp"
#include "store/analysis.hpp"
#include "store/read_through.hpp"
#include "support/compressed.hpp"
#include "support/tars.hpp"
#include "support/zips.hpp"

using namespace brine;
using namespace brine::fuzz;

namespace {

store::Analyst analyst(const Limits& limits) {
  static const scan::Policy policy;
  return {policy, pickle::Detail::symbols, limits};
}

std::string spelled(const ScanReport& report) {
  std::string all =
      fmt::format("{} {} {} {} {} {}\n", report.format, report.protocol, report.pickles,
                  report.opcodes, report.complete, to_string(report.verdict));
  for (const auto& [symbol, count] : report.symbols) {
    all += fmt::format("{}:{} {}\n", symbol.module, symbol.name, count);
  }
  for (const Finding& finding : report.findings) {
    all += fmt::format("{} {}\n", finding.offset, finding.reason);
  }
  return all;
}

ScanReport scan(ByteView bytes, const Limits& limits) {
  const io::MemoryFile file(bytes);
  auto whole = analyst(limits);
  store::read_through(file, whole);
  return whole.finish(file).report;
}

ScanReport scan_in_pieces(ByteView bytes, const Limits& limits, std::size_t piece) {
  auto pieces = analyst(limits);
  for (std::size_t at = 0; at < bytes.size(); at += piece) {
    pieces.write(bytes.subspan(at, std::min(piece, bytes.size() - at)));
  }
  return pieces.finish(io::MemoryFile(bytes)).report;
}

ScanReport scan_once(ByteView bytes, const Limits& limits) {
  auto once = analyst(limits);
  once.write(bytes);
  return once.finish().report;
}

std::string wrapped(std::string_view content, std::size_t way) {
  constexpr std::array<CodecId, 4> codecs{CodecId::gzip, CodecId::bzip2, CodecId::xz,
                                          CodecId::zstd};
  if (way < codecs.size()) return test::packed(codecs[way], content);
  if (way == 4) return test::Tar().add("a.pkl", content).str();
  if (way == 5) return test::Zip().add("a.pkl", std::string(content)).str();
  return test::Zip()
      .add({.name = "a.pkl", .data = test::deflated(content), .method = 8, .bytes = content.size()})
      .str();
}

void check(ByteView bytes, const Limits& limits) {
  const ScanReport report = scan(bytes, limits);
  require(report.complete || report.verdict != Verdict::safe, "half a file is safe");
  require(spelled(report) == spelled(scan_in_pieces(bytes, limits, 1 + bytes.size() % 11)),
          "the pieces change the report");
  const bool looks_safe = scan_once(bytes, limits).verdict == Verdict::safe;
  require(!looks_safe || report.verdict == Verdict::safe, "read once, it is safe");
}

void check_wrapped(ByteView bytes) {
  constexpr std::size_t ways = 7;
  const ScanReport bare = scan(bytes, roomy);
  if (bare.format != "pickle") return;
  const std::string outside = wrapped(text_of(bytes), bytes.size() % ways);
  const ScanReport report = scan(bytes_of(outside), roomy);
  require(report.verdict >= bare.verdict, report.format + ": wrapped, it looks better");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView whole = view(data, size);
  for (const Limits& limits : {roomy, tight}) {
    check(whole, limits);
    if (const auto tar = sealed(whole)) check(*tar, limits);
  }
  check_wrapped(whole);
  return 0;
}
