#include "store/read_through.hpp"

#include <fmt/format.h>

#include "io/file.hpp"
#include "store/analysis.hpp"
#include "support/pickles.hpp"
#include "support/store.hpp"
#include "support/tars.hpp"
#include "support/zips.hpp"

using namespace brine;
using namespace brine::store;
using namespace brine::test;

namespace {

constexpr std::size_t mebibyte = 1 << 20;

// Counts what is read of it.
class Watched final : public RandomSource {
 public:
  explicit Watched(std::string_view content) : content_(bytes_of(content)) {}
  std::uint64_t size() const override { return content_.size(); }
  void read_at(std::uint64_t offset, ByteSpan buffer) const override {
    read_ += buffer.size();
    content_.read_at(offset, buffer);
  }
  std::uint64_t bytes_read() const { return read_; }

 private:
  io::MemoryFile content_;
  mutable std::uint64_t read_ = 0;
};

std::string shown(const ScanReport& report) {
  std::string text =
      fmt::format("{} {} {} bytes {} pickles {} opcodes {} {}\n", to_string(report.verdict),
                  report.format, report.payload_bytes, report.pickles, report.opcodes,
                  report.complete ? "complete" : "incomplete", report.protocol);
  for (const SymbolCount& each : report.symbols) {
    text += fmt::format("{}:{} {}\n", each.symbol.module, each.symbol.name, each.count);
  }
  for (const Finding& each : report.findings) {
    text += fmt::format("{} {} {}\n", to_string(each.verdict), each.offset, each.reason);
  }
  return text;
}

// Shown every byte, in pieces that end inside of everything.
std::string seen_whole(std::string_view payload) {
  const scan::Policy policy;
  Analyst analyst(policy, pickle::Detail::symbols, {});
  for (std::string_view rest = payload; !rest.empty();) {
    analyst.write(bytes_of(rest.substr(0, 70'001)));
    rest.remove_prefix(std::min<std::size_t>(70'001, rest.size()));
  }
  return shown(analyst.finish(io::MemoryFile(bytes_of(payload))).report);
}

struct Payload {
  const char* name;
  std::string content;
  std::uint64_t most_read;  // bytes
};

std::vector<Payload> payloads() {
  const std::string large = pickle_with_buffers({mebibyte, 2 * mebibyte, 3 * mebibyte});
  const std::string torch = Zip()
                                .add("archive/data.pkl", instance_of({"shop", "Net"}, 2))
                                .add("archive/data/0", noise(4 * mebibyte))
                                .add("archive/version", "3\n")
                                .str();
  const std::string unfinished =
      Stream().proto(4).frame(mebibyte).one().stop().str() + noise(mebibyte);
  return {
      {"large buffers", large, 6 * mebibyte / 4},
      {"cut inside a buffer", large.substr(0, large.size() - 2 * mebibyte), 6 * mebibyte / 4},
      {"a buffer that ends with the file", large.substr(0, large.size() - 2), 6 * mebibyte / 4},
      {"buffers, then a command", large + dangerous_pickle(), 6 * mebibyte / 4},
      {"bytes behind the last pickle", pickle_of("x") + noise(4 * mebibyte), mebibyte / 2},
      {"no pickle", "\xff" + noise(4 * mebibyte), mebibyte / 2},
      {"a torch zip", torch, mebibyte / 2},
      {"large buffers in a zip", Zip().add("a.pkl", large).str(), 7 * mebibyte / 4},
      {"large buffers in a tar", Tar().add("a.pkl", large).str(), 2 * mebibyte},
      {"a zip in a tar", Tar().add("a.pt", torch).str(), mebibyte},
      {"a frame after its STOP", unfinished + dangerous_pickle(), 2 * mebibyte},
      {"a frame that is cut after its STOP", unfinished.substr(0, mebibyte), 2 * mebibyte},
      {"nothing", "", 0},
      {"one byte", ".", 16},
  };
}

}  // namespace

BOOST_AUTO_TEST_SUITE(read_through)

BOOST_AUTO_TEST_CASE(what_need_not_be_seen_is_not_read_and_the_report_is_the_same) {
  for (const Payload& payload : payloads()) {
    const Watched watched(payload.content);
    BOOST_TEST(shown(scan_payload(watched)) == seen_whole(payload.content), payload.name);
    BOOST_TEST(watched.bytes_read() <= payload.most_read,
               payload.name << ": " << watched.bytes_read());
  }
}

BOOST_AUTO_TEST_CASE(nothing_is_passed_before_the_format_is_known) {
  const scan::Policy policy;
  Analyst analyst(policy, pickle::Detail::symbols, {});
  BOOST_TEST(analyst.pass(1000) == 0u);
  analyst.write(bytes_of("PK"));
  BOOST_TEST(analyst.pass(1000) == 0u);
}

BOOST_AUTO_TEST_CASE(no_more_is_passed_than_there_is) {
  const std::string payload = pickle_with_buffers({mebibyte});
  const scan::Policy policy;
  Analyst analyst(policy, pickle::Detail::symbols, {});
  constexpr std::size_t front = 4096;
  analyst.write(bytes_of(payload).first(front));
  const std::uint64_t inside = 12 + mebibyte - front;  // PROTO, MARK and a header come before
  BOOST_TEST(analyst.pass(10) == 10u);
  BOOST_TEST(analyst.pass(inside) == inside - 10);
  BOOST_TEST(analyst.pass(inside) == 0u);
  analyst.write(bytes_of(payload).subspan(12 + mebibyte));
  BOOST_TEST(shown(analyst.finish(io::MemoryFile(bytes_of(payload))).report) ==
             seen_whole(payload));
}

BOOST_AUTO_TEST_SUITE_END()
