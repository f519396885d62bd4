// The door to conversions: several pickles, limits, and what reaches the sink.
#include "brine/convert.hpp"

#include "io/file.hpp"
#include "support/expect.hpp"
#include "support/pickles.hpp"
#include "support/store.hpp"
#include "support/zips.hpp"

using namespace brine;
using namespace brine::test;

BOOST_AUTO_TEST_SUITE(conversion)

namespace {

struct Text final : Sink {
  std::string text;
  void write(ByteView bytes) override { text += text_of(bytes); }
};

ConvertReport convert_text(std::string_view payload, Text& out, const ConvertOptions& options,
                           const Limits& limits = {}) {
  return convert(io::MemoryFile(bytes_of(payload)), out, options, limits);
}

const std::string two = Stream().proto(2).one().stop().str() + "\r\n" +
                        Stream().proto(3).op(Op::newtrue).stop().str() + " ";

}  // namespace

BOOST_AUTO_TEST_CASE(all_pickles_are_converted_and_counted) {
  Text out;
  const ConvertReport report = convert_text(two, out, {.protocol = 3});
  BOOST_TEST((out.text == Stream().proto(3).one().stop().str() + "\r\n" +
                              Stream().proto(3).op(Op::newtrue).stop().str() + " "));
  BOOST_TEST(report.pickles == 2U);
  BOOST_TEST(report.opcodes == 6U);
  BOOST_TEST(report.protocol == 3);
  BOOST_TEST(report.payload_bytes == two.size());
  BOOST_TEST(report.written_bytes == out.text.size());
}

BOOST_AUTO_TEST_CASE(nothing_reaches_the_sink_when_a_later_pickle_fails) {
  const struct {
    std::string behind;
    Errc code;
    std::string_view words;
  } vectors[] = {
      {std::string("\x80\x05\x97.", 4), Errc::unsupported,
       "x: at byte 14 of the payload: a buffer"},
      {"\x80\x02N", Errc::corrupt, "it ends before its STOP"},
      {"raw", Errc::unsupported, "x: what follows the pickle that ends at byte 12 is none"},
  };
  for (const auto& [behind, code, words] : vectors) {
    Text out;
    expect_error(code, words,
                 [&, &b = behind] { convert_text(two + b, out, {.protocol = 4, .name = "x"}); });
    BOOST_TEST(out.text.empty());
  }
}

BOOST_AUTO_TEST_CASE(what_is_asked_for_is_checked) {
  Text out;
  for (const int protocol : {-1, 0, 1, 6}) {
    expect_error(Errc::usage, "is not one of 2 to 5",
                 [&] { convert_text(two, out, {.protocol = protocol}); });
  }
  expect_error(Errc::limit, "payload: max_pickles: more than 1 pickles",
               [&] { convert_text(two, out, {}, {.max_pickles = 1}); });
  BOOST_TEST(out.text.empty());
}

BOOST_AUTO_TEST_CASE(a_file_appears_whole_or_not_at_all) {
  const TemporaryDirectory directory;
  write(directory / "in", two);
  write(directory / "bad", two + "raw");
  convert_file(directory / "in", directory / "out", {.protocol = 4});
  const std::string good = contents(directory / "out");
  Text out;
  convert_file(directory / "in", out, {.protocol = 4});
  BOOST_TEST((out.text == good));
  expect_error(Errc::unsupported, (directory / "bad").string(),
               [&] { convert_file(directory / "bad", directory / "out", {.protocol = 2}); });
  BOOST_TEST((contents(directory / "out") == good));
  BOOST_TEST(tree(directory.path()).size() == 3U);
  expect_error(Errc::not_found, "none",
               [&] { convert_file(directory / "none", directory / "out"); });
}

BOOST_AUTO_TEST_CASE(a_link_stays_and_its_file_is_replaced) {
  const TemporaryDirectory directory;
  write(directory / "in", two);
  write(directory / "old", "old");
  fs::create_symlink("old", directory / "link");
  convert_file(directory / "in", directory / "link", {.protocol = 4});
  BOOST_TEST(fs::is_symlink(directory / "link"));
  BOOST_TEST((contents(directory / "old") != "old"));
}

BOOST_AUTO_TEST_CASE(no_store_is_written_into) {
  const StoreFixture fixture;
  write(fixture.directory / "in", two);
  const auto before = tree(fixture.root);
  for (const char* const name : {"brine.json", "packs/x", "new"}) {
    expect_error(Errc::usage, "lies inside the store",
                 [&] { convert_file(fixture.directory / "in", fixture.root / name); });
  }
  BOOST_TEST((tree(fixture.root) == before));
}

namespace {

std::string json_of(std::string_view payload, const Limits& limits = {}) {
  Text out;
  write_json(io::MemoryFile(bytes_of(payload)), out, "x", limits);
  return out.text;
}

}  // namespace

BOOST_AUTO_TEST_CASE(each_pickle_is_a_line_of_json) {
  BOOST_TEST(json_of(two) == "1\ntrue\n");
  // As with tensors: what follows a pickle need not be one.
  BOOST_TEST(json_of(two + "raw") == "1\ntrue\n");
  BOOST_TEST(json_of(two, {.max_json_bytes = 7}) == "1\ntrue\n");
  expect_error(Errc::limit, "x: max_json_bytes", [] { json_of(two, {.max_json_bytes = 6}); });
}

BOOST_AUTO_TEST_CASE(what_is_no_json_is_refused) {
  const struct {
    std::string payload;
    Errc code;
    std::string_view words;
  } vectors[] = {
      {"", Errc::corrupt, "it is empty"},
      {"raw", Errc::corrupt, "x: at offset 0 of the payload"},
      {"\x1f\x8b\x08", Errc::corrupt, "damaged gzip data"},
      {npy(npy_literal("'|u1'", 1), "x"), Errc::unsupported, "holds no objects"},
      {"NNN.", Errc::limit, "max_opcodes"},
  };
  for (const auto& [payload, code, words] : vectors) {
    expect_error(code, words, [&, &p = payload] { json_of(p, {.max_opcodes = 3}); });
  }
}

BOOST_AUTO_TEST_CASE(a_file_is_named_in_messages) {
  const TemporaryDirectory directory;
  write(directory / "in", two);
  write(directory / "bad", "raw");
  Text out;
  BOOST_TEST(write_json_file(directory / "in", out) == 2U);
  expect_error(Errc::corrupt, (directory / "bad").string(),
               [&] { write_json_file(directory / "bad", out); });
  expect_error(Errc::not_found, "none", [&] { write_json_file(directory / "none", out); });
}

BOOST_AUTO_TEST_SUITE_END()
