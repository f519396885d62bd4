#include <fmt/format.h>

#include "archive/format.hpp"
#include "archive/npy.hpp"
#include "archive/zip.hpp"
#include "io/file.hpp"
#include "support/expect.hpp"
#include "support/zips.hpp"

using namespace brine;
using namespace brine::archive;
using namespace brine::test;
using namespace std::string_literals;

namespace {

std::vector<Member> read(std::string_view zip, const Limits& limits = {}) {
  return read_zip(io::MemoryFile(bytes_of(zip)), limits);
}

NpyHeader header(std::string_view file) {
  return read_npy(io::MemoryFile(bytes_of(file)), 0, file.size());
}

bool holds_objects(std::string_view type) {
  return header(npy(npy_literal(type, 0), "")).holds_objects;
}

// Counts how often it is asked.
class Counted final : public RandomSource {
 public:
  explicit Counted(std::string_view content) : file_(bytes_of(content)) {}
  std::uint64_t size() const override { return file_.size(); }
  void read_at(std::uint64_t offset, ByteSpan buffer) const override {
    ++reads_;
    file_.read_at(offset, buffer);
  }
  std::size_t reads() const { return reads_; }

 private:
  io::MemoryFile file_;
  mutable std::size_t reads_ = 0;
};

Zip two_members() { return Zip().add("a/data.pkl", "N.").add("a/data/0", "0123456789"); }

}  // namespace

BOOST_AUTO_TEST_SUITE(sniffing)

BOOST_AUTO_TEST_CASE(every_format_is_told_by_its_first_bytes) {
  struct Row {
    std::string head;
    std::string_view format;
  };
  const std::vector<Row> rows{
      {"", "pickle"},
      {"\x80\x04", "pickle"},
      {"(lp0\n.", "pickle"},
      {"PK\x03\x04", "zip"},
      {"PK\x05\x06", "zip"},
      {"PK", "pickle"},
      {"\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.", "torch-legacy"},
      {"\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x18.", "pickle"},
      {"\x93NUMPY\x01", "npy"},
      {std::string(257, '\0') + "ustar", "tar"},
      {std::string(256, '\0') + "ustar", "pickle"},
      {"\x1f\x8b\x08", "gzip"},
      {"BZh91AY&SY", "bzip2"},
      {"BZh9\x17\x72\x45\x38\x50\x90", "bzip2"},
      {"B\x0a\0\0\0"s + "1AY&SY", "pickle"},  // BINBYTES
      {"\xfd\x37zXZ\0"s, "xz"},
      {"\x28\xb5\x2f\xfd", "zstd"},
      {"\x5d\0\0\x80"s, "lzma"},
      {"\x04\x22\x4d\x18", "lz4"},
      {"ZF0x12", "zfile"},
      {"\x78\x9c", "zlib"},
      {"\x78\x01", "zlib"},
      {"\x78\x9d", "pickle"},
  };
  for (const Row& row : rows) BOOST_TEST(to_string(sniff(bytes_of(row.head))) == row.format);
}

BOOST_AUTO_TEST_SUITE_END()
BOOST_AUTO_TEST_SUITE(zip)

BOOST_AUTO_TEST_CASE(a_member_costs_one_read) {
  Zip zip;
  for (int i = 0; i < 100; ++i) zip.add("archive/data/" + std::to_string(i), "1234");
  const std::string content = zip.str();
  const Counted source(content);
  BOOST_TEST(read_zip(source, {}).size() == 100u);
  BOOST_TEST(source.reads() < 105u);
}

BOOST_AUTO_TEST_CASE(the_front_of_a_member_is_read_on_the_way) {
  const auto members = read(Zip().add("a", "0123456789").add("b", "xy").add("c", "").str());
  const auto front = [&](std::size_t i) {
    return text_of(ByteView(members[i].front).first(members[i].front_bytes));
  };
  BOOST_TEST(front(0) == "01234567");
  BOOST_TEST(front(1) == "xy");
  BOOST_TEST(front(2) == "");
}

BOOST_AUTO_TEST_CASE(either_header_may_call_a_member_encrypted) {
  for (const auto& [local, central] :
       {std::pair(1, 1), std::pair(0, 1), std::pair(1, 0), std::pair(0x801, 0x800)}) {
    const auto members = read(Zip()
                                  .add({.name = "a",
                                        .data = "x",
                                        .local_flags = static_cast<std::uint16_t>(local),
                                        .flags = static_cast<std::uint16_t>(central)})
                                  .add("b", "y")
                                  .str());
    BOOST_TEST(members[0].is_encrypted);
    BOOST_TEST(!members[1].is_encrypted);
  }
  const auto plain =
      read(Zip().add({.name = "a", .data = "x", .local_flags = 8, .flags = 8}).str());
  BOOST_TEST(!plain[0].is_encrypted);
}

BOOST_AUTO_TEST_CASE(members_are_found_where_they_stand) {
  const std::string zip = two_members().str("a comment");
  const auto members = read(zip);
  BOOST_TEST(members.size() == 2u);
  BOOST_TEST(members[0].name == "a/data.pkl");
  BOOST_TEST(zip.substr(members[0].offset, members[0].bytes) == "N.");
  BOOST_TEST(zip.substr(members[1].offset, members[1].stored_bytes) == "0123456789");
}

BOOST_AUTO_TEST_CASE(an_empty_zip_has_no_member) { BOOST_TEST(read(Zip().str()).empty()); }

BOOST_AUTO_TEST_CASE(every_truncation_is_corrupt) {
  const std::string zip = two_members().str();
  for (std::size_t bytes = 0; bytes < zip.size(); ++bytes) {
    expect_error(Errc::corrupt, "", [&] { read(zip.substr(0, bytes)); });
  }
}

// Names, lengths and offsets stand twice or are checked; data, times and checksums are not.
BOOST_AUTO_TEST_CASE(a_flipped_byte_never_moves_a_member_outside) {
  const std::string good = two_members().str64();
  for (std::size_t at = 0; at < good.size(); ++at) {
    std::string bad = good;
    bad[at] = static_cast<char>(~bad[at]);
    try {
      for (const Member& member : read(bad)) {
        BOOST_TEST(member.offset + member.stored_bytes <= bad.size());
      }
    } catch (const Error& error) {
      const bool is_expected = error.code() == Errc::corrupt || error.code() == Errc::limit;
      BOOST_TEST(is_expected, error.what());
    }
  }
}

BOOST_AUTO_TEST_CASE(zip64_records_are_read) {
  const std::string zip = two_members().str64();
  BOOST_TEST(read(zip).size() == 2u);
  std::string contradiction = zip;
  contradiction.replace(zip.size() - 22 + 10, 2, le(1, 2));
  expect_error(Errc::corrupt, "says 1 in its end record and 2", [&] { read(contradiction); });
  std::string astray = zip;
  astray.replace(zip.size() - 22 - 20 + 8, 8, le(0, 8));
  expect_error(Errc::corrupt, "ZIP64", [&] { read(astray); });
}

BOOST_AUTO_TEST_CASE(zip64_fields_of_a_member_are_read) {
  const std::string wide = le(1, 2) + le(24, 2) + le(3, 8) + le(3, 8) + le(0, 8);
  const Zip::Member member{.name = "x",
                           .data = "abc",
                           .extra = wide,
                           .stored_bytes = 0xffffffff,
                           .bytes = 0xffffffff,
                           .offset = 0xffffffff};
  BOOST_TEST(read(Zip().add(member).str())[0].bytes == 3u);
  Zip::Member narrow = member;
  narrow.extra = le(1, 2) + le(8, 2) + le(3, 8);
  expect_error(Errc::corrupt, "too short", [&] { read(Zip().add(narrow).str()); });
  narrow.extra = le(1, 2) + le(99, 2);
  expect_error(Errc::corrupt, "overruns", [&] { read(Zip().add(narrow).str()); });
}

BOOST_AUTO_TEST_CASE(zips_in_a_row_are_told_apart_by_their_ends) {
  const auto find = [](const std::string& file, const Limits& limits = {}) {
    std::string all;
    for (const Extent& each : find_zips(io::MemoryFile(bytes_of(file)), limits)) {
      all += fmt::format("{}+{} ", each.offset, each.bytes);
    }
    return all;
  };
  const std::string narrow = two_members().str();
  const std::string wide = two_members().str64();
  const std::size_t n = narrow.size();
  const std::size_t w = wide.size();
  BOOST_TEST(find(narrow) == fmt::format("0+{} ", n));
  BOOST_TEST(find(wide + narrow + wide) == fmt::format("0+{} {}+{} {}+{} ", w, w, n, w + n, w));
  BOOST_TEST(find(narrow + two_members().str("said")) == fmt::format("0+{} {}+{} ", n, n, n + 4));
  expect_error(Errc::corrupt, "has other bytes before it", [&] { find("PK\x03\x04" + narrow); });
  expect_error(Errc::corrupt, "has other bytes before it",
               [&] { find(two_members().str("said") + narrow); });
  expect_error(Errc::limit, "max_zip_members", [&] { find(wide + wide, {.max_zip_members = 1}); });
}

BOOST_AUTO_TEST_CASE(what_two_readers_would_read_apart_is_corrupt) {
  const auto add = [](const Zip::Member& member) { return Zip().add(member).str(); };
  const std::string fake = Zip::end(0, 0, 0);
  const Zip two = two_members();
  struct Row {
    std::string zip;
    std::string_view words;
  };
  const std::vector<Row> rows{
      {add({.name = "a", .data = "N.", .local_name = "b"}), "calls a member a in its directory"},
      {add({.name = "a\0b"s, .data = "N."}), "NUL"},
      {add({.name = "a", .data = "N.", .bytes = 1}), "two lengths"},
      {add({.name = "a", .data = "N.", .stored_bytes = 500, .bytes = 500}), "beyond its end"},
      {add({.name = "a", .data = "N.", .offset = 3}), "no local header"},
      {add({.name = "a", .data = "N.", .offset = 5000}), "outside its"},
      {two.str(fake), "two end records"},
      {two.str("PK\x05\x06 and more than a record, but no length"), "behind its end record"},
      {two.str() + "x", "behind its end record"},
      {"prefix" + two.str(), "the zip begins at 6"},
      {two.body() + two.directory() + Zip::end(1, two.directory_bytes(), two.body_bytes()),
       "more in its directory"},
      {two.body() + two.directory() + Zip::end(3, two.directory_bytes(), two.body_bytes()),
       "3 members by its end record and 2"},
  };
  for (const Row& row : rows) expect_error(Errc::corrupt, row.words, [&] { read(row.zip); });
}

BOOST_AUTO_TEST_CASE(members_that_overlap_are_corrupt) {
  // Each entry points at the same data, which costs a reader its length every time.
  Zip zip;
  for (int i = 0; i < 3; ++i)
    zip.add({.name = "x",
             .data = std::string(i == 0 ? 1000 : 0, 'x'),
             .stored_bytes = 1000,
             .bytes = 1000,
             .offset = 0});
  expect_error(Errc::corrupt, "overlap", [&] { read(zip.str()); });
}

BOOST_AUTO_TEST_CASE(absurd_numbers_are_refused_before_memory_is_taken) {
  expect_error(Errc::limit, "max_zip_members is 2, the limit is 1",
               [] { read(two_members().str(), {.max_zip_members = 1}); });
  const Zip two = two_members();
  const std::string front = two.body() + two.directory();
  expect_error(Errc::corrupt, "does not end where",
               [&] { read(front + Zip::end(2, 0xfffffff0, 0xfffffff0)); });
  std::string wide = two.str64();
  wide.replace(front.size() + 40, 8, le(~0ULL, 8));
  expect_error(Errc::corrupt, "", [&] { read(wide); });
}

BOOST_AUTO_TEST_CASE(a_zip_inside_a_zip_is_a_member) {
  BOOST_TEST(read(Zip().add("inner.zip", two_members().str()).str()).size() == 1u);
}

BOOST_AUTO_TEST_CASE(the_members_say_what_the_zip_is) {
  const auto format = [](const Zip& zip) { return zip_format(read(zip.str())); };
  BOOST_TEST(format(Zip().add("m/data.pkl", "").add("m/version", "3")) == "torch-zip");
  BOOST_TEST(format(Zip().add("m/data.pkl", "").add("m/constants.pkl", "")) == "torchscript");
  BOOST_TEST(format(Zip().add("a.npy", "").add("b.npy", "")) == "npz");
  BOOST_TEST(format(Zip().add("a.npy", "").add("b.txt", "")) == "zip");
  BOOST_TEST(format(Zip()) == "zip");
}

BOOST_AUTO_TEST_SUITE_END()
BOOST_AUTO_TEST_SUITE(npy_headers)

BOOST_AUTO_TEST_CASE(plain_types_hold_no_objects) {
  for (const char* type :
       {"'<f4'", "'|b1'", "'?'", "'<U12'", "'|S3'", "'>i8'", "'<M8[25s]'", "'|V16'",
        "[('x', '<f4'), ('y', '<i8', (2, 3))]", "[(('title', 'x'), '<f4')]",
        "[('left', [('a', '<f4')]), ('O', '|S1')]"}) {
    BOOST_TEST(!holds_objects(type), type);
  }
}

// numpy evaluates the literal: every spelling of it must count, not only its own.
BOOST_AUTO_TEST_CASE(what_may_be_an_object_counts_as_one) {
  for (const char* type : {"'|O'", "'O'", "'|O8'", "'object'", "\"|O\"", "'\\x4f'", "'<f4' 'O'",
                           "[('x', '<f4'), ('y', '|O')]", "[('x', [('y', '|O')])]", "('O', 3)",
                           "[(('title', 'x'), '|O')]", "'<f4', 'descr': 'O'"}) {
    BOOST_TEST(holds_objects(type), type);
  }
  std::string deep;
  for (int i = 0; i < 100; ++i) deep += "[('x', ";
  BOOST_TEST(holds_objects(deep));
}

BOOST_AUTO_TEST_CASE(the_length_of_the_data_is_known_where_the_type_has_one) {
  const auto length = [](std::string_view literal) { return header(npy(literal, "")).data_bytes; };
  BOOST_TEST(length(npy_literal("'<f4'", 10)).value() == 40u);
  BOOST_TEST(length(npy_literal("'<U3'", 2)).value() == 24u);
  BOOST_TEST(length("{'descr': '<i8', 'fortran_order': True, 'shape': (2, 3), }").value() == 48u);
  BOOST_TEST(length("{'descr': '<i8', 'fortran_order': True, 'shape': (), }").value() == 8u);
  BOOST_TEST(length(npy_literal("[('x', '<f4')]", 2)).value() == 8u);
  const char* const nested = "[('a', [('x', '<i4'), ('', '|V4')], (2,)), ('b', '>f8', (2, 3))]";
  BOOST_TEST(length(npy_literal(nested, 3)).value() == 192u);
  BOOST_TEST(!length(npy_literal("[('x', '<f4'), ('y', '?')]", 2)).has_value());
  expect_error(Errc::corrupt, "the npy shape overflows", [&] {
    length("{'descr': '<i8', 'fortran_order': True, 'shape': (9999999999, 9999999999), }");
  });
}

BOOST_AUTO_TEST_CASE(both_widths_of_the_length_are_read) {
  const std::string literal = npy_literal("'<f4'", 0);
  BOOST_TEST(header(npy(literal, "")).bytes == 10 + literal.size());
  const std::string second = "\x93NUMPY\x02" + "\0"s + le(literal.size(), 4) + literal;
  BOOST_TEST(header(second).bytes == second.size());
}

BOOST_AUTO_TEST_CASE(every_truncation_of_a_header_is_corrupt) {
  const std::string file = npy(npy_literal("'<f4'", 0), "");
  for (std::size_t bytes = 0; bytes < file.size(); ++bytes) {
    expect_error(Errc::corrupt, "cut short", [&] { header(file.substr(0, bytes)); });
  }
  expect_error(Errc::corrupt, "no npy magic", [] { header(std::string(20, 'x')); });
  expect_error(Errc::corrupt, "expected at most 65536",
               [] { header("\x93NUMPY\x02" + "\0"s + le(1 << 20, 4) + std::string(99, ' ')); });
}

BOOST_AUTO_TEST_SUITE_END()
