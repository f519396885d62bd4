#include "archive/tar.hpp"

#include <boost/test/unit_test.hpp>

#include "archive/format.hpp"
#include "io/file.hpp"
#include "support/expect.hpp"
#include "support/tars.hpp"

using namespace brine;
using namespace brine::archive;
using brine::test::expect_error;
using brine::test::Tar;

namespace {

// `name=content;` of each member.
std::string read(const std::string& tar, const Limits& limits = {}) {
  std::string told;
  for (const Member& member : read_tar(io::MemoryFile(bytes_of(tar)), limits)) {
    told += member.name + '=' + tar.substr(member.offset, member.bytes) + ';';
  }
  return told;
}

std::string pax(std::string_view key, std::string_view value) {
  const std::string record = fmt::format(" {}={}\n", key, value);
  return fmt::format("{}{}", record.size() + 2, record);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(tar)

BOOST_AUTO_TEST_CASE(regular_files_are_listed_in_their_order) {
  const std::string exact(512, 'x');
  BOOST_TEST(read(Tar().add("b", "one").add("a/c", "").add("d", exact).str()) ==
             "b=one;a/c=;d=" + exact + ";");
  const std::string linked = Tar().add("dir/", "", '5').add("l", "", '2').add("f", "1", '7').str();
  BOOST_TEST(read(linked) == "l=;f=1;");
  BOOST_TEST(!read_tar(io::MemoryFile(bytes_of(linked)), {})[0].is_file);
  BOOST_TEST(read(Tar().str()) == "");
}

BOOST_AUTO_TEST_CASE(names_and_sizes_are_read_in_every_form) {
  const std::string name(150, 'n');
  BOOST_TEST(read(Tar().add("././@LongLink", name + '\0', 'L').add("short", "1").str()) ==
             name + "=1;");
  BOOST_TEST(read(Tar().add("x", pax("path", "own"), 'x').add("short", "1").add("b", "2").str()) ==
             "own=1;b=2;");
  BOOST_TEST(
      read(Tar().add("x", pax("size", "2"), 'x').header("a", "00000000000").content("12").str()) ==
      "a=12;");
  BOOST_TEST(read(Tar().add("g", pax("comment", "x"), 'g').add("a", "1").str()) == "a=1;");
  BOOST_TEST(read(Tar().header("a", "00000000001", '0', "below").content("1").str()) ==
             "below/a=1;");
  const std::string binary = std::string("\x80") + std::string(10, '\0') + '\x03';
  BOOST_TEST(read(Tar().header("a", binary).content("123").str()) == "a=123;");
}

BOOST_AUTO_TEST_CASE(what_is_damaged_is_refused) {
  std::string flipped = Tar().add("a", "1").str();
  flipped[0] = 'b';
  const std::string huge = std::string("\xff") + std::string(11, '\xff');
  struct Row {
    std::string tar;
    std::string_view words;
  };
  const Row rows[] = {
      {flipped, "checksum"},
      {Tar().header("a", "0000000000z").str(), "a number that is none"},
      {Tar().header("a", huge).str(), "too large"},
      {Tar().header("a", "77777777777").str(), "reach over its end"},
      {Tar().add("x", "9999 path=a\n", 'x').add("a", "").str(), "extended header"},
      {Tar().add("x", "5 p=a", 'x').add("a", "").str(), "extended header"},
      {Tar().add("x", "2 ", 'x').add("a", "").str(), "extended header"},
      {Tar().add("x", pax("size", "-1"), 'x').add("a", "").str(), "a size that is none"},
      {Tar().add("a", "1").str().substr(0, 700), "ends inside"},
      {Tar().add("a", "").str().substr(0, 600), "ends inside a header"},
  };
  for (const Row& row : rows) expect_error(Errc::corrupt, row.words, [&] { read(row.tar); });
  expect_error(Errc::unsupported, "sparse", [&] { read(Tar().add("a", "", 'S').str()); });
  expect_error(Errc::limit, "max_zip_members",
               [&] { read(Tar().add("a", "").add("b", "").str(), {.max_zip_members = 1}); });
}

BOOST_AUTO_TEST_CASE(what_readers_would_take_for_different_members_is_refused) {
  const std::string hidden = Tar().add("pickle", "N.").str();  // for who skips it, and who does not
  const std::string name(150, 'n');
  const std::pair<std::string, std::string_view> rows[] = {
      {Tar().add("dir", hidden, '5').str(), "content behind dir, which is no file"},
      {Tar().add("link", hidden, '1').str(), "content behind link, which is no file"},
      {Tar().add("dir/", hidden, '\0').str(), "content behind dir/, which is no file"},
      {Tar().add("x", pax("size", "512"), 'x').header("dir", "00000000000", '5').str(),
       "content behind dir"},
      {Tar().add("g", pax("path", "pickle"), 'g').add("a", "").str(), "names or sizes of all"},
      {Tar().add("g", pax("size", "0"), 'g').add("a", "1").str(), "names or sizes of all"},
      {Tar().add("l", name, 'L').add("x", pax("path", "b"), 'x').add("a", "").str(), "two of them"},
      {Tar().add("x", pax("size", "0"), 'x').add("x", pax("size", "1"), 'x').add("a", "1").str(),
       "two of them"},
  };
  for (const auto& [tar, words] : rows) {
    expect_error(Errc::corrupt, words, [&, &bytes = tar] { read(bytes); });
  }
  BOOST_TEST(read(Tar().add("X", pax("path", "own"), 'X').add("a", "1").str()) == "own=1;");
  BOOST_TEST(read(Tar()
                      .add("x", pax("size", "1"), 'x')
                      .add("g", pax("comment", "one"), 'g')
                      .header("a", "00000000000")
                      .content("1")
                      .str()) == "a=1;");
}

BOOST_AUTO_TEST_CASE(every_truncation_says_so_or_ends_at_a_header) {
  const std::string whole = Tar().add("a", "one").add("b", "two").str();
  for (std::size_t bytes = 0; bytes < whole.size() - 1024; ++bytes) {
    if (bytes % 512 == 0 && bytes != 512 && bytes != 1536) continue;
    expect_error(Errc::corrupt, "the tar ", [&] { read(whole.substr(0, bytes)); });
  }
}

BOOST_AUTO_TEST_CASE(its_members_tell_what_it_is) {
  const auto format = [](std::initializer_list<std::string> names) {
    std::vector<Member> members;
    for (const std::string& name : names) members.push_back({name, 0, 0});
    return tar_format(members);
  };
  BOOST_TEST(format({"sys_info", "pickle", "tensors", "storages"}) == "torch-tar");
  BOOST_TEST(format({"pickle", "tensors", "storages"}) == "torch-tar");
  BOOST_TEST(format({"./pickle", "./tensors", "./storages"}) == "tar");
  BOOST_TEST(format({"pickle", "tensors", "storages", "pickle"}) == "tar");
  BOOST_TEST(format({"pickle", "tensors", "storages", "more"}) == "tar");
  BOOST_TEST(format({"pickle", "storages"}) == "tar");
  BOOST_TEST(format({}) == "tar");
}

BOOST_AUTO_TEST_CASE(a_header_is_told_by_its_checksum_alone) {
  std::string header = Tar().add("a", "").str().substr(0, 512);
  BOOST_TEST(is_tar_header(bytes_of(header)));
  header.replace(257, 5, 5, '\0');  // the sum of `ustar` less
  BOOST_TEST(!is_tar_header(bytes_of(header)));
  header[500] = 'u';
  header[501] = 's';
  header[502] = 't';
  header[503] = 'a';
  header[504] = 'r';
  BOOST_TEST(is_tar_header(bytes_of(header)));
  BOOST_TEST((sniff(bytes_of(header)) != Format::tar));
  BOOST_TEST(!is_tar_header(bytes_of(header).first(511)));
  BOOST_TEST(!is_tar_header(bytes_of(std::string(512, '\0'))));
}

BOOST_AUTO_TEST_SUITE_END()
