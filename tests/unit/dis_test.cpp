// The door to listings: which pickles of a payload are listed, and what is said of the rest.
#include <string>
#include <vector>

#include "brine/disassemble.hpp"
#include "codec/codec.hpp"
#include "io/file.hpp"
#include "support/expect.hpp"
#include "support/opcodes.hpp"
#include "support/compressed.hpp"
#include "support/tars.hpp"
#include "support/zips.hpp"

using namespace brine;
using brine::test::expect_error;
using brine::test::Stream;
using brine::test::deflated;
using brine::test::Tar;
using brine::test::Zip;

BOOST_AUTO_TEST_SUITE(dis)

namespace {

struct Text final : Sink {
  std::string text;
  void write(ByteView bytes) override { text += text_of(bytes); }
};

const std::string none = "N.";

std::string listed_none(std::uint64_t offset) {
  const auto place = [](std::uint64_t at) {
    const std::string digits = std::to_string(at);
    return std::string(5 - std::min<std::size_t>(5, digits.size()), ' ') + digits;
  };
  return place(offset) + ": N    NONE\n" + place(offset + 1) +
         ": .    STOP\nhighest protocol among opcodes = 0\n";
}

std::string list(std::string_view payload, const DisassembleOptions& options = {},
                 const Limits& limits = {}) {
  Text out;
  disassemble(io::MemoryFile(bytes_of(payload)), out, options, limits);
  return out.text;
}

}  // namespace

BOOST_AUTO_TEST_CASE(the_first_pickle_is_listed_and_counted) {
  const Stream stream = Stream().proto(2).one().stop();
  Text out;
  const DisassembleReport report = disassemble(io::MemoryFile(bytes_of(stream.str() + none)), out);
  BOOST_TEST(report.pickles == 1U);
  BOOST_TEST(report.opcodes == 3U);
  BOOST_TEST(report.protocol == 2);
  BOOST_TEST(report.end == stream.size());
}

BOOST_AUTO_TEST_CASE(all_goes_on_behind_white_space) {
  BOOST_TEST(list(none + none + "\r\n " + none + "\n", {.all = true, .name = "x"}) ==
             "==> x: byte 0 <==\n" + listed_none(0) + "==> x: byte 2 <==\n" + listed_none(2) +
                 "==> x: byte 7 <==\n" + listed_none(7));
}

BOOST_AUTO_TEST_CASE(all_fails_behind_the_pickles_that_it_listed) {
  Text out;
  expect_error(Errc::corrupt, "x: the listing ends at byte 2: byte 0xff is no opcode", [&] {
    disassemble(io::MemoryFile(bytes_of(none + "\xff")), out, {.all = true, .name = "x"});
  });
  BOOST_TEST(out.text == "==> x: byte 0 <==\n" + listed_none(0) + "==> x: byte 2 <==\n");
}

BOOST_AUTO_TEST_CASE(all_lists_the_members_of_a_zip_that_are_pickles) {
  const std::string zip = Zip()
                              .add("m/data.pkl", none + none)
                              .add("m/data/0", "\x80numbers")
                              .add("m/version", "3\n")
                              .add("m/named otherwise", "\x80\x02" + none)
                              .add({.name = "m/deflated.pkl", .data = deflated(none), .method = 8,
                                    .bytes = none.size()})
                              .add({.name = "m/other.pkl", .data = "?", .method = 12})
                              .str();
  const std::string listed = list(zip, {.all = true, .name = "z"});
  BOOST_TEST(listed.starts_with("==> z m/data.pkl: byte 0 <==\n" + listed_none(0) +
                                "==> z m/data.pkl: byte 2 <==\n" + listed_none(2) +
                                "==> z m/named otherwise: byte 0 <==\n    0: \\x80 PROTO"));
  BOOST_TEST(listed.ends_with("==> z m/deflated.pkl: byte 0 <==\n" + listed_none(0) +
                              "==> z m/other.pkl: compressed by method 12, not listed <==\n"));
  BOOST_TEST(listed.find("m/version") == std::string::npos);
  expect_error(Errc::corrupt, "payload is no pickle but zip", [&] { list(zip); });
}

BOOST_AUTO_TEST_CASE(all_lists_the_members_of_a_tar_that_are_pickles) {
  const std::string tar = Tar().add("run.pkl", none).add("text", "N.").str();
  BOOST_TEST(list(tar, {.all = true, .name = "t"}) ==
             "==> t run.pkl: byte 0 <==\n" + listed_none(0));
  expect_error(Errc::corrupt, "payload is no pickle but tar", [&] { list(tar); });
}

BOOST_AUTO_TEST_CASE(names_of_members_are_escaped) {
  const std::string zip = Zip().add("a\x1b[31m.pkl", none).str();
  BOOST_TEST(list(zip, {.all = true}).starts_with("==> payload a\\x1b[31m.pkl: byte 0 <==\n"));
}

BOOST_AUTO_TEST_CASE(compressed_payloads_are_decoded_first) {
  for (const CodecId codec : {CodecId::gzip, CodecId::bzip2, CodecId::xz, CodecId::zstd}) {
    Bytes encoded;
    codec::make_encoder({codec, 1}, 1U << 16)->encode(bytes_of(none), encoded);
    BOOST_TEST(list(text_of(encoded)) == listed_none(0));
    encoded.resize(encoded.size() - 1);
    expect_error(Errc::corrupt, "payload: ", [&] { list(text_of(encoded)); });
  }
}

BOOST_AUTO_TEST_CASE(what_holds_no_pickle_is_corrupt) {
  const std::vector<std::pair<std::string, std::string>> cases{
      {"", "it is empty"},
      {std::string(257, '\0') + std::string("ustar\0", 6) + "00", "no pickle but tar"},
      {"\x93NUMPY\x01", "no pickle but npy"},
      {"N", "the listing ends at byte 1: it ends before its STOP"}};
  for (const auto& [payload, words] : cases) {
    expect_error(Errc::corrupt, words, [&] { list(payload); });
  }
  const std::string zip = Zip().add("version", "3\n").str();
  expect_error(Errc::corrupt, "holds no pickle", [&] { list(zip, {.all = true}); });
}

BOOST_AUTO_TEST_CASE(limits_are_no_damage) {
  expect_error(Errc::limit, "max_opcodes", [] { list("NN0.", {}, {.max_opcodes = 2}); });
  const std::string large = Stream().op(pickle::Op::long4, std::string(2000, '\x7f'), 4).str();
  expect_error(Errc::limit, "max_str_digits", [&] { list(large + "."); });
}

BOOST_AUTO_TEST_CASE(a_file_that_is_not_there_is_not_found) {
  Text out;
  expect_error(Errc::not_found, "/nowhere/x.pkl", [&] { disassemble_file("/nowhere/x.pkl", out); });
}

BOOST_AUTO_TEST_SUITE_END()
