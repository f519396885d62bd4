#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <memory>
#include <thread>

#include "io/file.hpp"
#include "io/lock.hpp"
#include "support/expect.hpp"
#include "support/temporary.hpp"

using namespace brine;
using namespace brine::io;
using brine::test::expect_error;
using brine::test::TemporaryDirectory;
using namespace std::chrono_literals;

BOOST_AUTO_TEST_SUITE(directories)

BOOST_AUTO_TEST_CASE(directories_are_made_with_all_above_them) {
  const TemporaryDirectory directory;
  const auto deep = directory / "a" / "b" / "c";
  make_directories(deep);
  BOOST_TEST(std::filesystem::is_directory(deep));
  make_directories(deep);
  make_directories((directory / "d").string() + "/");
  BOOST_TEST(std::filesystem::is_directory(directory / "d"));
}

BOOST_AUTO_TEST_CASE(a_file_in_the_way_of_a_directory_is_reported) {
  const TemporaryDirectory directory;
  write_file(directory / "x", {}, Publish::create_only);
  for (const auto& path : {directory / "x", directory / "x" / "y"}) {
    expect_error(Errc::environment, "cannot create directory", [&] { make_directories(path); });
  }
}

BOOST_AUTO_TEST_CASE(two_that_make_the_same_directory_both_succeed) {
  const TemporaryDirectory directory;
  std::atomic<int> failures = 0;
  const auto work = [&] {
    for (int i = 0; i < 20; ++i) {
      try {
        make_directories(directory / std::to_string(i) / "x");
      } catch (const Error&) {
        ++failures;
      }
    }
  };
  std::thread other(work);
  work();
  other.join();
  BOOST_TEST(failures == 0);
}

BOOST_AUTO_TEST_CASE(removal_is_final_and_absence_is_fine) {
  const TemporaryDirectory directory;
  write_file(directory / "x", {}, Publish::create_only);
  remove_file(directory / "x");
  BOOST_TEST(!std::filesystem::exists(directory / "x"));
  remove_file(directory / "x");
  expect_error(Errc::environment, "cannot remove", [&] { remove_file(directory.path()); });
}

BOOST_AUTO_TEST_CASE(a_directory_that_cannot_be_synced_is_reported) {
  const TemporaryDirectory directory;
  sync_directory(directory.path());
  write_file(directory / "x", {}, Publish::create_only);
  expect_error(Errc::environment, "cannot sync", [&] { sync_directory(directory / "x"); });
  expect_error(Errc::not_found, "cannot sync", [&] { sync_directory(directory / "no"); });
}

BOOST_AUTO_TEST_SUITE_END()
BOOST_AUTO_TEST_SUITE(locks)

BOOST_AUTO_TEST_CASE(readers_share_and_a_writer_is_alone) {
  const TemporaryDirectory directory;
  const auto path = directory / "lock";
  const auto busy = [&](Hold hold) {
    expect_error(Errc::busy, "another process holds it", [&] { FileLock(path, hold, 0ms); });
  };
  {
    const FileLock first(path, Hold::shared, 0ms);
    const FileLock second(path, Hold::shared, 0ms);
    busy(Hold::exclusive);
  }
  const FileLock writer(path, Hold::exclusive, 0ms);
  busy(Hold::shared);
  busy(Hold::exclusive);
}

BOOST_AUTO_TEST_CASE(a_lock_is_waited_for) {
  const TemporaryDirectory directory;
  auto first = std::make_unique<FileLock>(directory / "lock", Hold::exclusive, 0ms);
  const auto start = std::chrono::steady_clock::now();
  expect_error(Errc::busy, "waited 60 ms",
               [&] { FileLock(directory / "lock", Hold::exclusive, 60ms); });
  BOOST_TEST((std::chrono::steady_clock::now() - start >= 60ms));
  std::thread releaser([&] {
    std::this_thread::sleep_for(30ms);
    first.reset();
  });
  const FileLock second(directory / "lock", Hold::exclusive, 10s);
  releaser.join();
}

BOOST_AUTO_TEST_CASE(a_forked_child_does_not_keep_the_lock) {
  const TemporaryDirectory directory;
  pid_t child = 0;
  {
    const FileLock lock(directory / "lock", Hold::exclusive, 0ms);
    child = ::fork();
    if (child == 0) {
      ::pause();
      ::_exit(0);
    }
  }
  BOOST_CHECK_NO_THROW(FileLock(directory / "lock", Hold::exclusive, 0ms));
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
}

BOOST_AUTO_TEST_CASE(a_lock_moves) {
  const TemporaryDirectory directory;
  FileLock lock(directory / "a", Hold::exclusive, 0ms);
  lock = FileLock(directory / "b", Hold::exclusive, 0ms);
  const FileLock again(directory / "a", Hold::exclusive, 0ms);
  expect_error(Errc::busy, "b: another", [&] { FileLock(directory / "b", Hold::shared, 0ms); });
}

BOOST_AUTO_TEST_CASE(a_lock_that_cannot_be_made_is_not_busy) {
  const TemporaryDirectory directory;
  expect_error(Errc::environment, "cannot lock",
               [&] { FileLock(directory.path(), Hold::exclusive, 0ms); });
  expect_error(Errc::not_found, "cannot lock",
               [&] { FileLock(directory / "no" / "lock", Hold::shared, 0ms); });
}

BOOST_AUTO_TEST_SUITE_END()
