#include "io/access.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include "io/file.hpp"
#include "support/expect.hpp"
#include "support/temporary.hpp"

using namespace brine;
using namespace brine::io;
using brine::test::expect_error;
using brine::test::TemporaryDirectory;

namespace {

void touch(const std::filesystem::path& path) { std::ofstream(path) << "x"; }

}  // namespace

BOOST_AUTO_TEST_SUITE(who_may_do_what)

BOOST_AUTO_TEST_CASE(an_ordinary_directory_can_be_written) {
  const TemporaryDirectory directory;
  BOOST_TEST(is_writable(directory.path()));
}

BOOST_AUTO_TEST_CASE(what_is_missing_cannot_be_written) {
  const TemporaryDirectory directory;
  BOOST_TEST(!is_writable(directory / "nothing"));
  touch(directory / "file");
  BOOST_TEST(!is_writable(directory / "file/below"));
}

BOOST_AUTO_TEST_CASE(a_file_that_others_may_write_is_not_ours_alone) {
  const TemporaryDirectory directory;
  const auto file = directory / "brine.json";
  touch(file);
  for (const auto& [mode, alone] : {std::pair<unsigned, bool>{0600, true},
                                    {0644, true},
                                    {0664, false},
                                    {0646, false},
                                    {0666, false}}) {
    BOOST_TEST_CONTEXT("mode " << std::oct << mode) {
      BOOST_TEST(::chmod(file.c_str(), mode) == 0);
      BOOST_TEST(is_ours_alone(file) == alone);
    }
  }
}

BOOST_AUTO_TEST_CASE(a_file_of_somebody_else_is_not_ours) {
  const TemporaryDirectory directory;
  const auto file = directory / "brine.json";
  touch(file);
  if (::chown(file.c_str(), 65534, 65534) != 0) {
    BOOST_TEST_MESSAGE("skipped: only root may give files away");
    return;
  }
  BOOST_TEST(!is_ours_alone(file));
}

BOOST_AUTO_TEST_CASE(what_is_missing_is_nobodys) {
  const TemporaryDirectory directory;
  BOOST_TEST(!is_ours_alone(directory / "nothing"));
}

BOOST_AUTO_TEST_CASE(a_file_keeps_its_identity_until_it_is_replaced) {
  const TemporaryDirectory directory;
  touch(directory / "a");
  touch(directory / "b");
  const auto before = identity_of(directory / "a");
  BOOST_TEST((before == identity_of(directory / "a")));
  BOOST_TEST(!(before == identity_of(directory / "b")));
  std::filesystem::rename(directory / "b", directory / "a");
  BOOST_TEST(!(before == identity_of(directory / "a")));
}

BOOST_AUTO_TEST_SUITE_END()
BOOST_AUTO_TEST_SUITE(not_files)

// A reader that opened a FIFO in the usual way would wait for a writer that never comes.
BOOST_AUTO_TEST_CASE(a_fifo_is_refused_at_once) {
  const TemporaryDirectory directory;
  const auto fifo = directory / "fifo";
  BOOST_TEST(::mkfifo(fifo.c_str(), 0600) == 0);
  expect_error(Errc::environment, "not a regular file", [&] { read_file(fifo, 100); });
  expect_error(Errc::environment, "not a regular file", [&] { File{fifo}; });
}

BOOST_AUTO_TEST_CASE(directories_and_devices_are_refused) {
  const TemporaryDirectory directory;
  for (const std::filesystem::path& path : {directory.path(), std::filesystem::path("/dev/zero")}) {
    expect_error(Errc::environment, "", [&] { read_file(path, 100); });
    expect_error(Errc::environment, "", [&] { File{path}; });
  }
}

BOOST_AUTO_TEST_SUITE_END()
