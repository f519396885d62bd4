// Pickles and tensors inside files inside files.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "io/file.hpp"
#include "store/analysis.hpp"
#include "store/inventory.hpp"
#include "support/compressed.hpp"
#include "support/expect.hpp"
#include "support/pickles.hpp"
#include "support/tars.hpp"
#include "support/zips.hpp"

using namespace brine;
using namespace brine::test;
using namespace std::string_literals;

namespace {

ScanReport report_of(const std::string& payload) {
  return scan_payload(io::MemoryFile(bytes_of(payload)), {});
}

std::string verdict(const std::string& payload) {
  return std::string(to_string(report_of(payload).verdict));
}

bool tells(const std::string& payload, std::string_view words) {
  const ScanReport report = report_of(payload);
  return std::any_of(report.findings.begin(), report.findings.end(), [&](const Finding& each) {
    return each.reason.find(words) != std::string::npos;
  });
}

// `path dtype shape content;` of each tensor, `-` where it has no place in the payload.
std::string tensors_of(const std::string& payload) {
  std::string all;
  for (const TensorInfo& each : store::list_tensors(io::MemoryFile(bytes_of(payload)), {})) {
    const std::string content = each.offset ? payload.substr(*each.offset, each.bytes) : "-";
    all += fmt::format("{} {} {} {};", each.path, each.dtype, fmt::join(each.shape, "x"), content);
  }
  return all;
}

std::string array(std::string_view content) {
  return Stream().proto(2).op(Op::empty_dict).text("w")
      .global("numpy.core.numeric", "_frombuffer").mark().op(Op::short_binbytes, content, 1)
      .global("numpy", "dtype").text("u1").op(Op::tuple1).op(Op::reduce)
      .op(Op::binint1, content.size(), 1).op(Op::tuple1).text("C").op(Op::tuple).op(Op::reduce)
      .op(Op::setitem).stop().str();
}

std::string npy_of(std::string_view content) {
  return npy(npy_literal("'|u1'", content.size()), content);
}

// As joblib before 0.10 begins a file.
std::string zfile(std::string_view text, std::size_t width) {
  std::string length = fmt::format("{:#x}", text.size());
  length.resize(width, ' ');
  return "ZF" + length + zlib_stream(text);
}

Zip::Member in_deflate(std::string name, std::string_view content) {
  return {.name = std::move(name), .data = deflated(content), .method = 8,
          .bytes = content.size()};
}

const std::string bad = dangerous_pickle();

}  // namespace

BOOST_AUTO_TEST_SUITE(containers)

BOOST_AUTO_TEST_CASE(every_compressed_stream_is_looked_into) {
  const auto all_of = [](const std::string& text) {
    return std::vector{packed(CodecId::gzip, text), packed(CodecId::bzip2, text),
                       packed(CodecId::xz, text),   packed(CodecId::zstd, text),
                       zlib_stream(text),           zfile(text, 19),
                       zfile(text, 20)};
  };
  for (const std::string& payload : all_of(array("abc"))) {
    BOOST_TEST(verdict(payload) == "safe", payload.substr(0, 4));
    BOOST_TEST(tensors_of(payload) == "w uint8 3 -;");
  }
  for (const std::string& payload : all_of(bad)) BOOST_TEST(verdict(payload) == "dangerous");
  for (const std::string& payload : all_of(array("abc"))) {
    BOOST_TEST(!report_of(payload.substr(0, payload.size() - 1)).complete, payload.substr(0, 4));
  }
}

BOOST_AUTO_TEST_CASE(the_side_files_of_old_joblib_are_whole_but_not_vouched_for) {
  const std::string elements = zfile(std::string(64, '\0'), 19);
  BOOST_TEST(report_of(elements).complete);
  BOOST_TEST(verdict(elements) == "unknown");
  // What a loader would do before it fails counts.
  BOOST_TEST(verdict(zfile("cos\nsystem\n\xff\xff\xff", 19)) == "dangerous");
}

BOOST_AUTO_TEST_CASE(deflated_members_of_a_zip_are_looked_into) {
  const auto npz = [](const std::string& content) {
    return Zip().add(in_deflate("a.npy", content)).add("b.npy", npy_of("xy")).str();
  };
  BOOST_TEST(verdict(npz(npy_of("abc"))) == "safe");
  BOOST_TEST(tensors_of(npz(npy_of("abc"))) == "a uint8 3 -;b uint8 2 xy;");
  BOOST_TEST(verdict(npz(npy(npy_literal("'|O'", 1), bad))) == "dangerous");
  BOOST_TEST(verdict(npz(npy(npy_literal("'|u1'", 9), "short"))) == "dangerous");
  Zip::Member longer = in_deflate("a.npy", npy(npy_literal("'|O'", 1), array("abc")));
  longer.bytes += 1;
  BOOST_TEST(tells(Zip().add(longer).str(), "other than"));

  const auto torch = [](const std::string& pickle) {
    return Zip().add(in_deflate("m/data.pkl", pickle)).add("m/version", "3").str();
  };
  BOOST_TEST(verdict(torch(array("abc"))) == "safe");
  BOOST_TEST(tensors_of(torch(array("abc"))) == "w uint8 3 -;");
  BOOST_TEST(verdict(torch(bad)) == "dangerous");
}

BOOST_AUTO_TEST_CASE(files_in_files_are_looked_into_by_what_they_are) {
  const std::string legacy_zip = Zip().add("m/data.pkl", array("abc")).add("m/version", "3").str();
  const std::string mixed = Tar()
                                .add("config.json", "{\"a\": 1}")
                                .add("net/weights.th", legacy_zip)
                                .add("run.pkl", array("de"))
                                .add("x.npy", npy_of("fgh"))
                                .str();
  BOOST_TEST(verdict(mixed) == "unknown");  // not all of it is known
  BOOST_TEST(tensors_of(mixed) ==
             "net/weights.th.w uint8 3 abc;run.pkl.w uint8 2 de;x.npy uint8 3 fgh;");
  BOOST_TEST(tensors_of(packed(CodecId::gzip, mixed)) ==
             "net/weights.th.w uint8 3 -;run.pkl.w uint8 2 -;x.npy uint8 3 -;");
  const auto hidden = [](const std::string& inside) {
    return packed(CodecId::gzip, Tar().add("weights.th", inside).str());
  };
  BOOST_TEST(verdict(hidden(bad)) == "dangerous");
  BOOST_TEST(tells(hidden(bad), "decoded: in weights.th: "));
  BOOST_TEST(verdict(hidden(Zip().add("m/data.pkl", bad).add("m/version", "3").str())) ==
             "dangerous");
  BOOST_TEST(verdict(Zip().add("inner", Zip().add("a.PKL", bad).str()).str()) == "dangerous");
  BOOST_TEST(tensors_of(Zip().add("a.txt", "x").str()) == "");
  BOOST_TEST(tensors_of(Zip().add(in_deflate("df.pkl", array("abc"))).str()) ==
             "df.pkl.w uint8 3 -;");
  const std::string objects = npy(npy_literal("'|O'", 1), array("abc"));
  BOOST_TEST(tensors_of(Zip().add(in_deflate("o.npy", objects)).str()) == "o.w uint8 3 -;");
}

// As torch's distributed checkpoints have them.
BOOST_AUTO_TEST_CASE(zips_in_a_row_are_looked_into_one_by_one) {
  const auto zip = [](const std::string& pickle) {
    return Zip().add("m/data.pkl", pickle).add("m/version", "3").str();
  };
  const std::string row = zip(array("abc")) + zip(array("de"));
  BOOST_TEST(verdict(row) == "unknown");
  BOOST_TEST(report_of(row).format == "zips");
  BOOST_TEST(report_of(row).complete);
  BOOST_TEST(tensors_of(row) == "[0].w uint8 3 abc;[1].w uint8 2 de;");
  BOOST_TEST(verdict(zip(bad) + zip(array("de"))) == "dangerous");
  BOOST_TEST(tells(zip(bad) + zip(array("de")), "in zip 1 of 2: "));
}

BOOST_AUTO_TEST_CASE(what_nobody_can_read_hides_nothing_else) {
  Zip::Member odd = in_deflate("notes.bin", "abc");
  odd.method = 14;
  const std::string zip = Zip().add(odd).add("df.pkl", array("abc")).str();
  BOOST_TEST(tensors_of(zip) == "df.pkl.w uint8 3 abc;");
  BOOST_TEST(tells(zip, "in notes.bin: compressed by method 14"));
  odd.name = "other.PKL";
  expect_error(Errc::unsupported, "other.PKL: compressed by method 14",
               [&] { tensors_of(Zip().add(odd).str()); });

  // torch reads past the flag, others do not: what stands there counts, but says not all.
  Zip::Member locked{.name = "locked.pkl", .data = array("abc")};
  locked.flags = 1;
  BOOST_TEST(verdict(Zip().add(locked).str()) == "unknown");
  BOOST_TEST(tells(Zip().add(locked).str(), "in locked.pkl: it is marked as encrypted"));
  locked.data = bad;
  BOOST_TEST(verdict(Zip().add(locked).str()) == "dangerous");
  locked.data = std::string(40, '\xff');
  locked.method = 8;
  BOOST_TEST(verdict(Zip().add(locked).str()) == "unknown");
  expect_error(Errc::corrupt, "locked.pkl (marked as encrypted): ",
               [&] { tensors_of(Zip().add(locked).str()); });
}

BOOST_AUTO_TEST_CASE(a_tar_is_read_from_its_front_too) {
  const std::string jump = "\x80\x04" "B"s + le(512 - 7, 4);
  const std::string hidden = "\x8c\x02os" "X"s + le(70'000, 4) +
                             std::string(70'000, '\xff') + "\x93.";
  const std::string plain = "cos\nsystem\n.";
  for (const std::string& content : {hidden, plain}) {
    const std::string tar = Tar().add(jump, content).str();
    BOOST_TEST(verdict(tar) == "dangerous");
    BOOST_TEST(tells(tar, "read as a plain pickle"));
  }
}

BOOST_AUTO_TEST_CASE(all_that_is_inside_unfolds_in_proportion_to_the_payload) {
  const std::string text = Stream().proto(2).op(Op::binunicode, std::string(60'000, 'a'), 4)
                               .stop().str();
  const std::string most = packed(CodecId::gzip, text);
  const std::string one = Zip().add("a.pkl", most).str();
  const std::string two = Zip().add("a.pkl", most).add("b.pkl", most).str();
  const Limits tight{.max_unfolded_ratio = 1};  // 100 KiB
  const auto scanned = [&](const std::string& payload) {
    return scan_payload(io::MemoryFile(bytes_of(payload)), {}, tight);
  };
  BOOST_TEST(to_string(scanned(one).verdict) == "unknown");
  BOOST_TEST(to_string(scanned(two).verdict) == "dangerous");
  BOOST_TEST(scanned(two).findings[0].reason ==
             "in b.pkl: max_unfolded_ratio: what is inside unfolds to over 102400 bytes");
  expect_error(Errc::limit, "max_unfolded_ratio",
               [&] { store::list_tensors(io::MemoryFile(bytes_of(two)), tight); });
}

BOOST_AUTO_TEST_CASE(what_unfolds_to_too_much_is_refused) {
  const std::string bomb = packed(CodecId::gzip, Tar().add("a", std::string(100'000, 'x')).str());
  const io::MemoryFile payload(bytes_of(bomb));
  const Limits tight{.max_unfolded_bytes = 50'000};
  BOOST_TEST(to_string(scan_payload(payload, {}, tight).verdict) == "dangerous");
  expect_error(Errc::limit, "max_unfolded_bytes",
               [&] { store::list_tensors(payload, tight); });
}

BOOST_AUTO_TEST_CASE(what_is_nested_too_deep_is_not_vouched_for) {
  std::string nested = array("abc");
  for (int depth = 1; depth <= 5; ++depth) {
    nested = packed(CodecId::gzip, nested);
    BOOST_TEST(verdict(nested) == (depth <= 3 ? "safe" : "unknown"), depth);
    if (depth <= 3) BOOST_TEST(tensors_of(nested) == "w uint8 3 -;");
  }
  expect_error(Errc::limit, "inside one another", [&] { tensors_of(nested); });
}

BOOST_AUTO_TEST_SUITE_END()
BOOST_AUTO_TEST_SUITE(torch_tar)

// One storage `7` of floats, a view `8` of its last two, a tensor of each.
struct TorchTarParts {
  std::string key = "7";
  std::uint64_t items = 3;
  std::uint64_t view_first = 1;
  std::uint64_t dimensions = 1;
  std::uint64_t extent = 2;
  std::string class_name = "FloatStorage";
};

Stream number(std::uint64_t value) { return Stream().op(Op::binint1, value, 1); }

std::string pickle(const Stream& stream) {
  return Stream().proto(2).raw(stream.str()).stop().str();
}

std::string storages_of(const TorchTarParts& parts) {
  const Stream row = Stream().raw(number(7).str()).text("cpu").global("torch", parts.class_name)
                         .op(Op::tuple3);
  const Stream view = Stream().op(Op::empty_list).mark().raw(number(8).str()).raw(number(7).str())
                          .raw(number(parts.view_first).str()).raw(number(2).str()).op(Op::tuple)
                          .op(Op::append);
  return pickle(number(1)) + pickle(row) + le(parts.items, 8) + "aaaabbbbcccc" + pickle(view);
}

std::string tensors_part(const TorchTarParts& parts) {
  const Stream row = Stream().raw(number(5).str()).raw(number(8).str())
                         .global("torch", "FloatTensor").op(Op::tuple3);
  return pickle(number(1)) + pickle(row) + le(parts.dimensions, 4) + le(0, 4) +
         le(parts.extent, 8) + le(1, 8) + le(0, 8);
}

std::string torch_tar_of(const TorchTarParts& parts, const std::string& object = {}) {
  const Stream dict = Stream().op(Op::empty_dict).text("w").text("5").op(Op::binpersid)
                          .op(Op::setitem);
  return Tar().add("sys_info", pickle(Stream().op(Op::empty_dict)))
      .add("pickle", object.empty() ? pickle(dict) : object)
      .add("tensors", tensors_part(parts)).add("storages", storages_of(parts)).str();
}

BOOST_AUTO_TEST_CASE(its_tensors_are_listed_and_its_pickles_scanned) {
  BOOST_TEST(tensors_of(torch_tar_of({})) == "w float32 2 bbbbcccc;");
  const ScanReport report = report_of(torch_tar_of({}));
  BOOST_TEST(report.format == "torch-tar");
  BOOST_TEST(to_string(report.verdict) == "safe");
  BOOST_TEST(report.pickles == 7U);
  BOOST_TEST(verdict(torch_tar_of({}, bad)) == "dangerous");
}

BOOST_AUTO_TEST_CASE(one_that_contradicts_itself_is_refused) {
  struct Row {
    TorchTarParts parts;
    std::string_view words;
  };
  const Row rows[] = {
      {{.items = 4}, ""},  // what follows is no pickle
      {{.items = 1ULL << 62}, "bytes of a storage"},
      {{.items = 99}, "truncated"},
      {{.view_first = 2}, "beyond its storage"},
      {{.dimensions = 65}, "65 axes"},
      {{.extent = 3}, "beyond its storage"},
      {{.class_name = "OtherStorage"}, "no known class"},
  };
  for (const Row& row : rows) {
    BOOST_TEST(verdict(torch_tar_of(row.parts)) != "safe", row.words);
    if (row.words.empty()) continue;
    expect_error(Errc::corrupt, row.words, [&] { tensors_of(torch_tar_of(row.parts)); });
  }
}

BOOST_AUTO_TEST_SUITE_END()
