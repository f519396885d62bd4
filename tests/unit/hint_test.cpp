// Hints can be pasted: words of a shell, the right store, a directory that is there.
#include "brine/hint.hpp"

#include <array>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "support/expect.hpp"

using namespace brine;

namespace {

namespace fs = std::filesystem;

// What a shell makes of `command`.
std::string said_by_shell(const std::string& command) {
  const std::unique_ptr<FILE, int (*)(FILE*)> pipe(popen(command.c_str(), "r"), pclose);
  BOOST_REQUIRE(pipe != nullptr);
  std::string text;
  std::array<char, 256> buffer;
  while (const std::size_t count = fread(buffer.data(), 1, buffer.size(), pipe.get())) {
    text.append(buffer.data(), count);
  }
  return text;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(hints)

BOOST_AUTO_TEST_CASE(plain_words_stay_as_they_are) {
  for (const char* word :
       {"run", "run:17", "run@good~1", "runs/.brine", "--codec=zstd:3", "a,b%c", "-", "@", "0"}) {
    BOOST_TEST(shell_word(word) == word);
  }
}

BOOST_AUTO_TEST_CASE(a_shell_reads_every_word_as_it_was) {
  for (const char* word : {"",      " ",           "two words",
                           "it's",  "'",           "''",
                           "$HOME", "`id`",        "a;b",
                           "a&b",   "a|b",         "a>b",
                           "a<b",   "*",           "?",
                           "[a]",   "~",           "~root",
                           "\\",    "\"",          "#a",
                           "a\nb",  "{a,b}",       "(a)",
                           "!",     "m\xc3\xbcll", "run@best(-loss)"}) {
    BOOST_TEST(said_by_shell("printf %s " + shell_word(word)) == word);
  }
}

BOOST_AUTO_TEST_CASE(a_command_of_a_store_gets_the_store) {
  struct Row {
    const char* hint;
    const char* expected;
  };
  const std::vector<Row> rows{
      {"brine log", "brine --store runs log"},
      {"brine log run", "brine --store runs log run"},
      {"brine reindex", "brine --store runs reindex"},
      {"brine save r m.pkl --as-is", "brine --store runs save r m.pkl --as-is"},
      {"brine initial", "brine --store runs initial"},
  };
  for (const Row& row : rows) {
    BOOST_TEST(for_store(row.hint, "runs") == row.expected);
  }
  BOOST_TEST(for_store("brine log", "my runs") == "brine --store 'my runs' log");
}

BOOST_AUTO_TEST_CASE(what_needs_no_store_or_names_one_gets_none) {
  for (const char* hint :
       {"", "ls -la .", "brine", "brine init", "brine init runs", "brine help", "brine help save",
        "brine version", "brine scan m.pkl", "brine --help", "brine save --help",
        "brine --store other log", "brine log --store other", "brine log --store=other",
        "brine '--store=my other' log", "install a newer brine", "df -h"}) {
    BOOST_TEST(for_store(hint, "runs") == hint);
  }
}

BOOST_AUTO_TEST_CASE(a_place_is_the_nearest_directory_that_is_there) {
  const fs::path root = fs::temp_directory_path() / "brine-hint-test";
  fs::remove_all(root);
  fs::create_directories(root / "a b");
  const std::string quoted = "'" + (root / "a b").string() + "'";
  BOOST_TEST(at_place("ls -la", root) == "ls -la " + root.string());
  BOOST_TEST(at_place("df -h", root / "a b") == "df -h " + quoted);
  BOOST_TEST(at_place("df -h", root / "a b" / "file.pkl") == "df -h " + quoted);
  BOOST_TEST(at_place("df -h", root / "a b" / "no" / "such" / "file.pkl") == "df -h " + quoted);
  BOOST_TEST(at_place("df -h", "file.pkl") == "df -h .");
  BOOST_TEST(at_place("df -h", "") == "df -h .");
  BOOST_TEST(at_place("df -h", "/no-such-place/at/all") == "df -h /");
  fs::remove_all(root);
}

BOOST_AUTO_TEST_SUITE_END()
