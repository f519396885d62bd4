// Pickles in byte strings of pickles.
#include "io/file.hpp"
#include "store/concerns.hpp"
#include "support/expect.hpp"
#include "support/opcodes.hpp"
#include "support/pickles.hpp"

using namespace brine;
using namespace brine::test;

namespace {

const Symbol model{"shop.models", "Net"};
const std::string denied_text = "cos\nsystem\n(S'x'\ntR.";

ScanReport scan_text(const std::string& payload, const Limits& limits = {}) {
  return scan_payload(io::MemoryFile(bytes_of(payload)), {}, limits);
}

std::string in_bytes(std::string_view content, Op op = Op::binbytes, std::size_t width = 4) {
  return Stream().proto(4).op(op, content, width).stop().str();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(nested)

BOOST_AUTO_TEST_CASE(a_pickle_in_bytes_is_judged_as_what_it_would_do) {
  const std::string own = instance_of(model, 4);
  struct Row {
    const char* name;
    std::string payload;
    Verdict verdict;
  };
  const Row rows[] = {
      {"harmless", in_bytes(pickle_of("x")), Verdict::safe},
      {"an unlisted class", in_bytes(own), Verdict::unknown},
      {"the shell", in_bytes(dangerous_pickle()), Verdict::dangerous},
      {"the shell in short bytes", in_bytes(dangerous_pickle(), Op::short_binbytes, 1),
       Verdict::dangerous},
      {"the shell in a bytearray", in_bytes(dangerous_pickle(), Op::bytearray8, 8),
       Verdict::dangerous},
      {"the shell in a text of Python 2", in_bytes(dangerous_pickle(), Op::binstring, 4),
       Verdict::dangerous},
      {"the shell in bytes in bytes", in_bytes(in_bytes(dangerous_pickle())), Verdict::dangerous},
      {"the shell and something behind", in_bytes(dangerous_pickle() + "x"), Verdict::dangerous},
      {"the shell in protocol 0", in_bytes(denied_text), Verdict::dangerous},
      {"a class in protocol 0", in_bytes("clevel one\nleft\n."), Verdict::safe},
      {"the shell behind another opcode", in_bytes("N0" + denied_text), Verdict::dangerous},
      {"behind a list", in_bytes("]0" + denied_text), Verdict::dangerous},
      {"behind a text", in_bytes("X\x01" + std::string(3, '\0') + "x0" + denied_text),
       Verdict::dangerous},
      {"behind a number", in_bytes("I1\n0" + denied_text), Verdict::dangerous},
      {"by names on the stack",
       in_bytes(Stream().text("os").text("system").stack_global().one().op(Op::tuple1)
                    .op(Op::reduce).stop().str()),
       Verdict::dangerous},
      {"with bytes behind its end", in_bytes(denied_text + "x"), Verdict::dangerous},
      {"without an end", in_bytes(denied_text.substr(0, denied_text.size() - 1)),
       Verdict::dangerous},
      {"an unlisted class behind another opcode", in_bytes("N0cshop.models\nNet\n."),
       Verdict::safe},
      {"a text without its quotes", in_bytes("S'\n0" + denied_text), Verdict::safe},
      {"zeros", in_bytes(std::string(1000, '\0')), Verdict::safe},
      {"a text in bytes", in_bytes("I am no pickle.\nReally.\n"), Verdict::safe},
      {"half a pickle", in_bytes(own.substr(0, own.size() - 1)), Verdict::safe},
      {"an extension", in_bytes(Stream().proto(2).op(Op::ext1, 5, 1).stop().str()),
       Verdict::unknown},
      {"a number for one reader", in_bytes(Stream().proto(2).line(Op::int_, "017").stop().str()),
       Verdict::unknown},
      {"a text", Stream().long_text(denied_text).stop().str(), Verdict::safe},
  };
  for (const Row& row : rows) {
    const ScanReport report = scan_text(row.payload);
    BOOST_TEST(to_string(report.verdict) == to_string(row.verdict), row.name);
    BOOST_TEST(report.complete, row.name);
    BOOST_TEST(report.symbols.empty(), row.name);  // nothing pushes them
  }
}

BOOST_AUTO_TEST_CASE(findings_tell_in_which_bytes) {
  const ScanReport report = scan_text(in_bytes(denied_text));
  BOOST_TEST(report.findings.size() == 1);
  BOOST_TEST(report.findings[0].offset == 7);
  BOOST_TEST(report.findings[0].reason.starts_with("in the bytes at offset 7: os:system is on"));
}

BOOST_AUTO_TEST_CASE(depth_and_number_are_bounded) {
  std::string deep = dangerous_pickle();
  for (int i = 0; i < 20; ++i) deep = in_bytes(deep);
  const ScanReport report = scan_text(deep);
  BOOST_TEST((report.verdict == Verdict::unknown));
  BOOST_TEST(report.findings.back().reason.find("too deep") != std::string::npos);

  Stream many;
  many.proto(4).mark();
  const std::string own = instance_of(model, 4);
  for (int i = 0; i < 10'001; ++i) many.op(Op::binbytes, own, 4);
  const ScanReport all = scan_text(many.op(Op::list).stop().str());
  BOOST_TEST((all.verdict == Verdict::unknown));
  BOOST_TEST(all.findings.size() == 1000);
}

BOOST_AUTO_TEST_SUITE_END()
