#include "store/analysis.hpp"

#include "io/file.hpp"
#include "support/compressed.hpp"
#include "support/opcodes.hpp"
#include "support/pickles.hpp"
#include "support/store.hpp"
#include "support/zips.hpp"

using namespace brine;
using namespace brine::store;
using namespace brine::test;
using namespace std::string_literals;

namespace {

const Symbol model{"shop.models", "Net"};
const std::string legacy_magic = "\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.";

Analysis analyse(std::string_view payload, std::size_t piece = std::string::npos,
                 const Limits& limits = {}) {
  static const scan::Policy policy;
  Analyst analyst(policy, pickle::Detail::symbols, limits);
  for (std::string_view rest = payload; !rest.empty();) {
    analyst.write(bytes_of(rest.substr(0, piece)));
    rest.remove_prefix(std::min(piece, rest.size()));
  }
  return analyst.finish(io::MemoryFile(bytes_of(payload)));
}

bool has_finding(const Analysis& analysis, std::string_view words) {
  const auto& findings = analysis.report.findings;
  return std::any_of(findings.begin(), findings.end(), [&](const Finding& finding) {
    return finding.reason.find(words) != std::string::npos;
  });
}

std::string torch_legacy(std::string_view object) {
  return legacy_magic + pickle_of("1001") + pickle_of("system") + std::string(object) +
         Stream().proto(2).op(Op::empty_list).stop().str();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(analysis)

BOOST_AUTO_TEST_CASE(every_kind_of_payload_is_told) {
  const std::string safe = pickle_of("x");
  const std::string own = instance_of(model, 4);
  const std::string bad = dangerous_pickle();
  struct Row {
    std::string name, payload, format;
    Verdict verdict;
    bool whole = true;
  };
  const std::vector<Row> rows{
      {"a pickle", safe, "pickle", Verdict::safe},
      {"an unlisted class", own, "pickle", Verdict::unknown},
      {"a call of the shell", bad, "pickle", Verdict::dangerous},
      {"two pickles", safe + own, "pickle", Verdict::unknown},
      {"a number in octal", "I017\n.", "pickle", Verdict::unknown},
      {"a frame in a frame", Stream().frame(Stream().frame(Stream().one()).stop()).str(), "pickle",
       Verdict::unknown},
      {"a frame with something behind its STOP", Stream().frame(Stream().one().stop().one()).str(),
       "pickle", Verdict::dangerous},
      {"a number for one reader", "F1_0.5\n.", "unknown", Verdict::unknown, false},
      {"white space behind", safe + "\r\n \n", "pickle", Verdict::safe},
      {"something behind", safe + "\0garbage"s, "pickle", Verdict::unknown},
      {"the shell behind", safe + bad, "pickle", Verdict::dangerous},
      {"nothing", "", "unknown", Verdict::unknown, false},
      {"text", "Hello, world", "unknown", Verdict::unknown, false},
      {"white space", "\n\n", "unknown", Verdict::unknown, false},
      {"half a pickle", own.substr(0, own.size() - 1), "pickle", Verdict::unknown, false},
      {"one and a half", safe + own.substr(0, own.size() - 1), "pickle", Verdict::unknown, false},
      {"half of a bad one", bad.substr(0, bad.size() - 1), "pickle", Verdict::dangerous, false},
      {"state for a class",
       "\x80\x04"
       "ccollections\nOrderedDict\nN}\x86"
       "b.",
       "pickle", Verdict::dangerous},
      {"a name behind escapes", "S'\\x70osix'\nS'get\\160id'\n\x93.", "pickle", Verdict::dangerous},
      {"a name that no pickler writes", "\x80\x04S'o s'\nS'system'\n\x93.", "pickle",
       Verdict::dangerous, false},
      {"a memo of two pickles", "\x80\x04]\x94.\x80\x04]\x94h\0."s, "pickle", Verdict::unknown},
      {"torch legacy", torch_legacy(safe), "torch-legacy", Verdict::safe},
      {"torch legacy, bad", torch_legacy(bad), "torch-legacy", Verdict::dangerous},
      {"torch legacy, cut", torch_legacy(own).substr(0, 60), "torch-legacy", Verdict::unknown,
       false},
      {"a torch zip",
       Zip().add("m/data.pkl", safe).add("m/version", "3").add("m/data/0", bad).str(), "torch-zip",
       Verdict::safe},
      {"a bad torch zip", Zip().add("m/data.pkl", bad).add("m/version", "3").str(), "torch-zip",
       Verdict::dangerous},
      {"a bad name in capitals", Zip().add("m/DATA.PKL", "cos\nsystem\n.").str(), "zip",
       Verdict::dangerous},
      {"a pickle under any name", Zip().add("weights", bad).str(), "zip", Verdict::dangerous},
      {"a zip of texts", Zip().add("a.txt", "text").str(), "zip", Verdict::unknown},
      {"a member of another method",
       Zip().add({.name = "m/data.pkl", .data = "xx", .method = 12}).add("m/version", "3").str(),
       "torch-zip", Verdict::unknown},
      {"an encrypted member",
       Zip()
           .add({.name = "m/data.pkl", .data = safe, .local_flags = 1, .flags = 1})
           .add("m/version", "3")
           .str(),
       "torch-zip", Verdict::unknown},
      {"a member that one header calls encrypted",
       Zip().add({.name = "m/data.pkl", .data = safe, .flags = 1}).add("m/version", "3").str(),
       "torch-zip", Verdict::unknown},
      {"a member that the other header calls encrypted",
       Zip()
           .add({.name = "m/data.pkl", .data = safe, .local_flags = 1})
           .add("m/version", "3")
           .str(),
       "torch-zip", Verdict::unknown},
      {"a bad pickle behind an encrypted storage",
       Zip()
           .add({.name = "m/data/0", .data = "1234", .local_flags = 1, .flags = 1})
           .add("m/data.pkl", bad)
           .add("m/version", "3")
           .str(),
       "torch-zip", Verdict::dangerous},
      {"a bad pickle behind a storage of another method",
       Zip()
           .add({.name = "m/data/0", .data = "1234", .method = 12})
           .add("m/data.pkl", bad)
           .add("m/version", "3")
           .str(),
       "torch-zip", Verdict::dangerous},
      {"plain arrays", Zip().add("a.npy", npy(npy_literal("'<f4'", 1), "1234")).str(), "npz",
       Verdict::safe},
      {"object arrays", Zip().add("a.npy", npy(npy_literal("'|O'", 1), bad)).str(), "npz",
       Verdict::dangerous},
      {"a cut zip", Zip().add("a", "x").str().substr(0, 60), "zip", Verdict::dangerous, false},
      {"an array", npy(npy_literal("'<f4'", 2), "12345678"), "npy", Verdict::safe},
      {"a cut array", npy(npy_literal("'<f4'", 2), "1234567"), "npy", Verdict::dangerous, false},
      {"an array of objects", npy(npy_literal("'|O'", 1), safe), "npy", Verdict::safe},
      {"objects, disguised", npy(npy_literal("\"object\"", 1), bad), "npy", Verdict::dangerous},
      {"objects, cut", npy(npy_literal("'|O'", 1), own.substr(0, own.size() - 1)), "npy",
       Verdict::dangerous, false},
      {"a broken tar", std::string(257, 'x') + "ustar" + std::string(300, '\0'), "tar",
       Verdict::dangerous, false},
      {"gzip of a pickle", packed(CodecId::gzip, safe), "gzip", Verdict::safe},
      {"gzip of the shell", packed(CodecId::gzip, bad), "gzip", Verdict::dangerous},
      {"xz of the shell", packed(CodecId::xz, bad), "xz", Verdict::dangerous},
      {"bzip2 of a class", packed(CodecId::bzip2, own), "bzip2", Verdict::unknown},
      {"zstd of text", packed(CodecId::zstd, "Hello, world"), "zstd", Verdict::unknown, false},
      {"gzip of nothing", packed(CodecId::gzip, ""), "gzip", Verdict::unknown, false},
      {"gzip of half a pickle", packed(CodecId::gzip, own.substr(0, own.size() - 1)), "gzip",
       Verdict::unknown, false},
      {"cut gzip", packed(CodecId::gzip, noise(999)).substr(0, 500), "gzip", Verdict::dangerous,
       false},
  };
  for (const Row& row : rows) {
    BOOST_TEST_CONTEXT(row.name) {
      const Analysis found = analyse(row.payload);
      BOOST_TEST(found.report.format == row.format);
      BOOST_TEST(to_string(found.report.verdict) == to_string(row.verdict));
      BOOST_TEST(found.incomplete.empty() == row.whole, found.incomplete);
      BOOST_TEST(found.report.complete == row.whole);
      BOOST_TEST(found.report.payload_bytes == row.payload.size());
    }
  }
}

BOOST_AUTO_TEST_CASE(pieces_change_nothing) {
  const std::vector<std::string> payloads{
      pickle_with_buffers({70000, 100, 80000}),
      instance_of(model, 0) + "\n" + dangerous_pickle(),
      torch_legacy(instance_of(model, 2)),
      packed(CodecId::gzip, dangerous_pickle()),
      Zip().add("m/data.pkl", dangerous_pickle()).add("m/version", "3").str(),
      "text",
      ""};
  for (const std::string& payload : payloads) {
    const Analysis whole = analyse(payload);
    for (const std::size_t piece : {1UL, 7UL, 511UL, 512UL, 513UL}) {
      const Analysis split = analyse(payload, piece);
      BOOST_TEST(split.report.format == whole.report.format);
      BOOST_TEST((split.report.symbols == whole.report.symbols));
      BOOST_TEST((split.report.findings == whole.report.findings));
      BOOST_TEST(split.report.opcodes == whole.report.opcodes);
      BOOST_TEST(split.report.pickles == whole.report.pickles);
      BOOST_TEST(split.incomplete == whole.incomplete);
      BOOST_TEST(split.buffers.size() == whole.buffers.size());
    }
  }
}

BOOST_AUTO_TEST_CASE(findings_have_the_symbols_that_they_are_about) {
  const Symbol ordered{"collections", "OrderedDict"};
  const std::string changed =
      "\x80\x04"
      "ccollections\nOrderedDict\n}b.";
  const std::string named =
      "\x80\x04"
      "cshop.models\nNet\n.";
  const std::string in_bytes =
      "\x80\x04"
      "C" +
      std::string(1, char(named.size())) + named + ".";
  const struct {
    const char* what;
    std::string payload;
    std::optional<Symbol> symbol;
  } rows[] = {
      {"a symbol on no list", named, model},
      {"a class that is changed", changed, ordered},
      {"a symbol in bytes", in_bytes, model},
      {"a symbol in a zip", Zip().add("m/data.pkl", named).add("m/version", "3").str(), model},
      {"a symbol in gzip", packed(CodecId::gzip, named), model},
      {"an extension code", "\x80\x02\x82\x07.", std::nullopt},
      {"a disputed number", "I017\n.", std::nullopt},
  };
  for (const auto& row : rows) {
    const auto findings = analyse(row.payload).report.findings;
    BOOST_REQUIRE_MESSAGE(!findings.empty(), row.what);
    BOOST_TEST((findings[0].symbol == row.symbol), row.what);
  }
}

BOOST_AUTO_TEST_CASE(buffers_are_told_with_their_place) {
  const std::string payload = pickle_with_buffers({70000, 65536, 65537});
  const auto buffers = analyse(payload).buffers;
  BOOST_TEST(buffers.size() == 2u);
  BOOST_TEST(buffers[0].offset == 12u);
  BOOST_TEST(payload.substr(buffers[1].offset, buffers[1].bytes) == noise(65537, 3));
}

BOOST_AUTO_TEST_CASE(symbols_are_sorted_and_printable) {
  const auto report = analyse(Stream()
                                  .proto(2)
                                  .global("z\x1b", "A")
                                  .global("a", "B")
                                  .global("a", "B")
                                  .op(Op::tuple3)
                                  .stop()
                                  .str())
                          .report;
  BOOST_TEST(report.symbols.size() == 2u);
  BOOST_TEST((report.symbols[0] == SymbolCount{{"a", "B"}, 2}));
  BOOST_TEST(report.symbols[1].symbol.module == "z\\x1b");
}

// A file of joblib with one array of bytes, whose elements are `elements`.
std::string joblib_of(std::string_view elements) {
  Stream stream = Stream().proto(4).global("joblib.numpy_pickle", "NumpyArrayWrapper");
  stream.op(Op::empty_tuple).op(Op::newobj).op(Op::empty_dict).mark();
  stream.text("shape").op(Op::binint1, elements.size(), 1).op(Op::tuple1);
  stream.text("dtype").global("numpy", "dtype").text("u1").op(Op::tuple1).op(Op::reduce);
  return stream.op(Op::setitems).op(Op::build).raw(elements).stop().str();
}

BOOST_AUTO_TEST_CASE(joblib_is_read_past_its_arrays) {
  const Analysis found = analyse(joblib_of(noise(100)));
  BOOST_TEST(found.report.format == "joblib");
  BOOST_TEST(found.incomplete == "");
  BOOST_TEST(to_string(found.report.verdict) == "safe");
  BOOST_TEST(found.report.symbols.size() == 2U);
  for (const CodecId codec : {CodecId::gzip, CodecId::xz}) {
    const Analysis inside = analyse(packed(codec, joblib_of(noise(100))));
    BOOST_TEST(to_string(inside.report.verdict) == "safe");
    BOOST_TEST(inside.incomplete == "");
    BOOST_TEST(!analyse(packed(codec, joblib_of("x").substr(0, 60))).report.complete);
  }
}

BOOST_AUTO_TEST_CASE(joblib_is_judged_as_a_plain_pickle_too) {
  struct Row {
    std::string elements;
    std::string_view verdict;
    std::string_view finding;
  };
  const Row rows[] = {
      {"cposix\nsystem\n(X\2\0\0\0idtR."s, "dangerous", "posix:system"},
      {"cmine\nThing\n.", "unknown", "mine:Thing"},
      {"S'o s'\nS'x'\n\x93.", "dangerous", "a name that is hidden"},
      {"cnumpy\ndtype\n}b.", "dangerous", "is changed"},
  };
  for (const Row& row : rows) {
    const std::string file = joblib_of(row.elements);
    for (const Analysis& found : {analyse(file), analyse(packed(CodecId::gzip, file))}) {
      BOOST_TEST(to_string(found.report.verdict) == row.verdict);
      BOOST_TEST(has_finding(found, "read as a plain pickle: "));
      BOOST_TEST(has_finding(found, row.finding));
    }
  }
}

BOOST_AUTO_TEST_CASE(elements_that_look_like_another_pickle_say_nothing) {
  const std::string memos = joblib_of("}\x94.}\x94h\0."s);
  BOOST_TEST(to_string(analyse(memos).report.verdict) == "safe");
}

BOOST_AUTO_TEST_CASE(joblib_that_is_cut_or_cannot_be_measured_is_not_whole) {
  const std::string whole = joblib_of(noise(100));
  for (const std::size_t bytes : {whole.size() - 1, whole.size() - 50, std::size_t{60}}) {
    const Analysis cut = analyse(whole.substr(0, bytes));
    BOOST_TEST(!cut.incomplete.empty());
    BOOST_TEST((cut.report.verdict >= Verdict::unknown));
  }
  const Analysis named = analyse(
      Stream().proto(4).symbol("joblib.numpy_pickle", "NumpyArrayWrapper").str() + noise(100));
  BOOST_TEST(named.report.format == "joblib");
  BOOST_TEST(!named.incomplete.empty());
  BOOST_TEST((named.report.verdict >= Verdict::unknown));
  const Analysis behind = analyse(whole + "more");
  BOOST_TEST(has_finding(behind, "bytes follow, which another load would read"));
  BOOST_TEST((behind.report.verdict == Verdict::unknown));
  for (const std::string& file : {whole + dangerous_pickle(),
                                  packed(CodecId::gzip, whole + dangerous_pickle())}) {
    BOOST_TEST((analyse(file).report.verdict == Verdict::dangerous));
  }
}

BOOST_AUTO_TEST_CASE(extension_codes_are_unknown) {
  const Analysis found = analyse(Stream().proto(2).op(Op::ext1, 7, 1).stop().str());
  BOOST_TEST(has_finding(found, "only the loading process knows"));
  BOOST_TEST((found.report.verdict == Verdict::unknown));
}

BOOST_AUTO_TEST_CASE(extension_codes_that_are_told_are_judged_as_their_symbols) {
  const ScanOptions options{.trusted = {"shop.models:Net"},
                            .extensions = {"7=shop.models:Net", "300=os:system", "70000=other:Net",
                                           "8=collections:OrderedDict"}};
  const Stream inner = Stream().proto(2).op(Op::ext2, 300, 2).stop();
  struct Row {
    const char* name;
    Stream stream;
    Verdict verdict;
  };
  const Row rows[] = {
      {"trusted", Stream().op(Op::ext1, 7, 1), Verdict::safe},
      {"allowed", Stream().op(Op::ext4, 8, 4), Verdict::safe},
      {"denied", Stream().op(Op::ext2, 300, 2), Verdict::dangerous},
      {"on no list", Stream().op(Op::ext4, 70'000, 4), Verdict::unknown},
      {"not told", Stream().op(Op::ext1, 9, 1), Verdict::unknown},
      {"changed", Stream().op(Op::ext1, 8, 1).op(Op::empty_dict).op(Op::build), Verdict::dangerous},
      {"in bytes", Stream().op(Op::binbytes, inner.str(), 4), Verdict::dangerous},
  };
  for (const Row& row : rows) {
    const std::string payload = Stream().proto(4).raw(row.stream.str()).stop().str();
    const ScanReport report = scan_payload(io::MemoryFile(bytes_of(payload)), options);
    BOOST_TEST(to_string(report.verdict) == to_string(row.verdict), row.name);
  }
}

BOOST_AUTO_TEST_CASE(malformed_extensions_are_told) {
  const char* const entries[] = {
      "",     "7",      "7=",      "=m:N",  "x=m:N", "0=m:N", "7=module", "7=:N", "2147483648=m:N",
      "7=m:", "-1=m:N", "7=a b:N", "+7=m:N"};
  for (const char* entry : entries) {
    expect_error(Errc::usage, "extension '",
                 [&] { scan_payload(io::MemoryFile(bytes_of(".")), {.extensions = {entry}}); });
  }
  expect_error(Errc::usage, "a second time", [] {
    scan_payload(io::MemoryFile(bytes_of(".")), {.extensions = {"7=m:N", "7=m:O"}});
  });
}

BOOST_AUTO_TEST_CASE(what_a_trusted_symbol_makes_may_be_called) {
  const std::string payload =
      "\x80\x02"
      "cshop\nmake\n)R)R.";
  BOOST_TEST(has_finding(analyse(payload), "something that shop:make made"));
  const std::vector<std::string> trusted{"shop:make"};
  const auto verdict = [&](std::string_view of) {
    return scan_payload(io::MemoryFile(bytes_of(of)), {.trusted = trusted}).verdict;
  };
  BOOST_TEST((verdict(payload) == Verdict::safe));
  BOOST_TEST((verdict("\x80\x02Pid\n)R.") == Verdict::unknown));
}

BOOST_AUTO_TEST_CASE(findings_are_capped) {
  std::string payload;
  for (int i = 0; i < 1500; ++i) payload += instance_of({"m" + std::to_string(i), "A"}, 2);
  const Analysis found = analyse(payload + dangerous_pickle());
  BOOST_TEST(found.report.findings.size() == 1001u);
  BOOST_TEST(found.report.findings.back().reason == "and 501 more findings");
  BOOST_TEST((found.report.findings.back().verdict == Verdict::dangerous));
  BOOST_TEST((found.report.verdict == Verdict::dangerous));
}

BOOST_AUTO_TEST_CASE(limits_are_findings_that_name_them) {
  BOOST_TEST(
      has_finding(analyse(pickle_of("x") + pickle_of("y"), std::string::npos, {.max_pickles = 1}),
                  "bytes follow the last pickle"));
  BOOST_TEST(has_finding(analyse(instance_of(model, 4), std::string::npos, {.max_opcodes = 3}),
                         "max_opcodes"));
  BOOST_TEST(has_finding(
      analyse(Zip().add("a", "").add("b", "").str(), std::string::npos, {.max_zip_members = 1}),
      "max_zip_members"));
}

// What was opened a second ago may be shorter now; what never was a pickle is no error either.
BOOST_AUTO_TEST_CASE(files_are_scanned_and_never_executed) {
  const TemporaryDirectory directory;
  write(directory / "x", packed(CodecId::gzip, dangerous_pickle()));
  const ScanReport report = scan_file(directory / "x");
  BOOST_TEST((report.verdict == Verdict::dangerous));
  BOOST_TEST(report.format == "gzip");
  expect_error(Errc::not_found, "nowhere", [&] { scan_file(directory / "nowhere"); });
  const std::string own = instance_of(model, 4);
  const ScanReport report_of_own =
      scan_payload(io::MemoryFile(bytes_of(own)), {.trusted = {"shop.models"}});
  BOOST_TEST((report_of_own.verdict == Verdict::safe));
}

BOOST_AUTO_TEST_SUITE_END()
