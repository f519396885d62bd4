#include "io/file.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <atomic>
#include <cerrno>
#include <thread>

#include "support/expect.hpp"
#include "support/temporary.hpp"

using namespace brine;
using namespace brine::io;
using brine::test::expect_error;
using brine::test::TemporaryDirectory;

namespace {

constexpr std::uint64_t any_size = 1 << 20;

std::string text_in(const std::filesystem::path& path) {
  return std::string(text_of(read_file(path, any_size)));
}

void put(const std::filesystem::path& path, std::string_view text) {
  write_file(path, bytes_of(text), Publish::replace);
}

std::ptrdiff_t entries_of(const std::filesystem::path& directory) {
  return std::distance(std::filesystem::directory_iterator(directory), {});
}

// A disk that is full after `bytes`: no file grows beyond.
class FullDisk {
 public:
  explicit FullDisk(rlim_t bytes) {
    getrlimit(RLIMIT_FSIZE, &before_);
    handler_ = ::signal(SIGXFSZ, SIG_IGN);
    const rlimit now{bytes, before_.rlim_max};
    BOOST_REQUIRE(setrlimit(RLIMIT_FSIZE, &now) == 0);
  }
  FullDisk(const FullDisk&) = delete;
  FullDisk& operator=(const FullDisk&) = delete;
  ~FullDisk() {
    setrlimit(RLIMIT_FSIZE, &before_);
    ::signal(SIGXFSZ, handler_);
  }

 private:
  rlimit before_{};
  sighandler_t handler_ = SIG_DFL;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(reading)

BOOST_AUTO_TEST_CASE(a_file_is_read_anywhere_and_no_further_than_its_end) {
  const TemporaryDirectory directory;
  put(directory / "x", "0123456789");
  const File file(directory / "x");
  BOOST_TEST(file.size() == 10u);
  Bytes three(3);
  file.read_at(4, three);
  BOOST_TEST(text_of(three) == "456");
  file.read_at(10, {});
  expect_error(Errc::corrupt, "x ends at byte 10, expected 1 more",
               [&] { file.read_at(8, three); });
}

BOOST_AUTO_TEST_CASE(what_is_no_file_is_refused_without_waiting) {
  const TemporaryDirectory directory;
  BOOST_REQUIRE(::mkfifo((directory / "pipe").c_str(), 0600) == 0);
  expect_error(Errc::environment, "not a regular file", [&] { File(directory / "pipe"); });
  expect_error(Errc::environment, "not a regular file", [&] { File(directory.path()); });
  expect_error(Errc::not_found, "no-such: No such file", [&] { File(directory / "no-such"); });
  expect_error(Errc::not_found, "no-such: No such file",
               [&] { FileSource(directory / "no-such"); });
  expect_error(Errc::environment, "Is a directory", [&] {
    Bytes buffer(1);
    FileSource(directory.path()).read(buffer);
  });
}

BOOST_AUTO_TEST_CASE(names_are_printed_safely) {
  expect_error(Errc::not_found, "cannot open /no\\x1b[1m/x",
               [] { File(std::filesystem::path("/no\x1b[1m/x")); });
}

BOOST_AUTO_TEST_CASE(a_whole_file_is_read_up_to_a_limit) {
  const TemporaryDirectory directory;
  put(directory / "x", "0123456789");
  BOOST_TEST(text_of(read_file(directory / "x", 10)) == "0123456789");
  expect_error(Errc::limit, "more than 9 bytes", [&] { read_file(directory / "x", 9); });
  expect_error(Errc::limit, "more than 0 bytes", [&] { read_file(directory / "x", 0); });
  put(directory / "x", "");
  BOOST_TEST(read_file(directory / "x", 0).empty());
  BOOST_TEST(!read_file("/proc/self/status", any_size).empty());
}

BOOST_AUTO_TEST_CASE(sources_give_the_same_bytes_as_files) {
  const TemporaryDirectory directory;
  const std::string text(600'000, 'x');
  put(directory / "x", text);
  const File file(directory / "x");
  SequentialSource sequential(file);
  FileSource direct(directory / "x");
  for (Source* source : {static_cast<Source*>(&sequential), static_cast<Source*>(&direct)}) {
    ScratchFile scratch(directory.path());
    copy(*source, scratch);
    Bytes all(static_cast<std::size_t>(scratch.size()));
    scratch.read_at(0, all);
    BOOST_TEST((text_of(all) == text));
  }
}

BOOST_AUTO_TEST_CASE(memory_reads_as_a_file_does) {
  const MemoryFile file(bytes_of("0123456789"));
  Bytes three(3);
  file.read_at(7, three);
  BOOST_TEST(text_of(three) == "789");
  expect_error(Errc::corrupt, "outside the 10", [&] { file.read_at(8, three); });
  expect_error(Errc::corrupt, "outside the 10", [&] { file.read_at(~0ULL, three); });
}

BOOST_AUTO_TEST_CASE(errno_becomes_a_code) {
  const struct {
    int errno_value;
    Errc code;
    std::string_view words;
  } rows[] = {
      {ENOSPC, Errc::no_space, "cannot write packs/ab/x.zst: No space left on device"},
      {EDQUOT, Errc::no_space, "cannot write packs/ab/x.zst: Disk quota exceeded"},
      {EFBIG, Errc::no_space, "File too large"},
      {ENOENT, Errc::not_found, "No such file or directory"},
      {EACCES, Errc::environment, "Permission denied"},
      {EIO, Errc::environment, "Input/output error"},
  };
  for (const auto& row : rows) {
    expect_error(row.code, row.words,
                 [&] { throw_errno(row.errno_value, "write", "packs/ab/x.zst"); });
  }
}

BOOST_AUTO_TEST_CASE(a_descriptor_is_closed_once) {
  const TemporaryDirectory directory;
  put(directory / "x", "");
  Fd first(::open((directory / "x").c_str(), O_RDONLY | O_CLOEXEC));
  const int number = first.get();
  Fd second(std::move(first));
  BOOST_TEST(second.get() == number);
  second = Fd{};
  BOOST_TEST(::fcntl(number, F_GETFD) == -1);
}

BOOST_AUTO_TEST_SUITE_END()
BOOST_AUTO_TEST_SUITE(publishing)

BOOST_AUTO_TEST_CASE(a_file_appears_whole_at_commit_and_not_before) {
  const TemporaryDirectory directory;
  for (const Publish publish : {Publish::create_only, Publish::replace}) {
    const auto target = directory / std::to_string(static_cast<int>(publish));
    AtomicFile file(target, publish, 0600);
    file.write(bytes_of("hello "));
    file.write(bytes_of("world"));
    BOOST_TEST(!std::filesystem::exists(target));
    Bytes five(5);
    file.read_at(6, five);
    BOOST_TEST(text_of(five) == "world");
    file.commit();
    BOOST_TEST(text_in(target) == "hello world");
    struct stat status {};
    BOOST_REQUIRE(::stat(target.c_str(), &status) == 0);
    BOOST_TEST((status.st_mode & 0777u) == 0600u);
    BOOST_TEST(status.st_nlink == 1u);
  }
  BOOST_TEST(entries_of(directory.path()) == 2);
}

BOOST_AUTO_TEST_CASE(a_name_that_is_taken_is_kept_or_replaced_as_asked) {
  const TemporaryDirectory directory;
  put(directory / "x", "old");
  expect_error(Errc::exists, "x exists already",
               [&] { write_file(directory / "x", bytes_of("new"), Publish::create_only); });
  BOOST_TEST(text_in(directory / "x") == "old");
  write_file(directory / "x", bytes_of("new"), Publish::replace);
  BOOST_TEST(text_in(directory / "x") == "new");
  BOOST_TEST(entries_of(directory.path()) == 1);
}

BOOST_AUTO_TEST_CASE(a_file_that_is_dropped_leaves_nothing) {
  const TemporaryDirectory directory;
  put(directory / "x", "old");
  for (const Publish publish : {Publish::create_only, Publish::replace}) {
    AtomicFile file(directory / "x", publish);
    file.write(bytes_of("new"));
  }
  BOOST_TEST(entries_of(directory.path()) == 1);
  BOOST_TEST(text_in(directory / "x") == "old");
}

BOOST_AUTO_TEST_CASE(what_cannot_be_replaced_leaves_nothing_behind) {
  const TemporaryDirectory directory;
  std::filesystem::create_directory(directory / "x");
  expect_error(Errc::environment, "cannot write",
               [&] { write_file(directory / "x", {}, Publish::replace); });
  expect_error(Errc::exists, "exists already",
               [&] { write_file(directory / "x", {}, Publish::create_only); });
  BOOST_TEST(entries_of(directory.path()) == 1);
}

BOOST_AUTO_TEST_CASE(a_place_that_is_no_directory_is_refused) {
  const TemporaryDirectory directory;
  put(directory / "x", "");
  expect_error(Errc::environment, "Not a directory",
               [&] { AtomicFile(directory / "x" / "y", Publish::replace); });
  expect_error(Errc::not_found, "cannot write",
               [&] { AtomicFile(directory / "no" / "y", Publish::replace); });
  expect_error(Errc::environment, "Not a directory", [&] { ScratchFile(directory / "x"); });
}

BOOST_AUTO_TEST_CASE(a_directory_that_vanished_gets_no_file) {
  const TemporaryDirectory directory;
  std::filesystem::create_directory(directory / "d");
  AtomicFile file(directory / "d" / "x", Publish::replace);
  std::filesystem::remove(directory / "d");
  expect_error(Errc::not_found, "cannot sync", [&] { file.commit(); });
  BOOST_TEST(entries_of(directory.path()) == 0);
}

BOOST_AUTO_TEST_CASE(a_committed_file_takes_no_more) {
  const TemporaryDirectory directory;
  AtomicFile file(directory / "x", Publish::create_only);
  file.commit();
  expect_error(Errc::internal, "committed", [&] { file.write(bytes_of("more")); });
  expect_error(Errc::internal, "committed", [&] { file.restart(); });
  expect_error(Errc::internal, "committed", [&] { file.commit(); });
  BOOST_TEST(text_in(directory / "x") == "");
}

BOOST_AUTO_TEST_CASE(restart_forgets) {
  const TemporaryDirectory directory;
  AtomicFile file(directory / "x", Publish::create_only);
  file.write(bytes_of("a longer first try"));
  file.restart();
  BOOST_TEST(file.size() == 0u);
  file.write(bytes_of("second"));
  file.commit();
  BOOST_TEST(text_in(directory / "x") == "second");
}

BOOST_AUTO_TEST_CASE(a_full_disk_is_no_space_and_leaves_nothing) {
  const TemporaryDirectory directory;
  {
    AtomicFile file(directory / "x", Publish::create_only);
    ScratchFile scratch(directory.path());
    const Bytes bytes(10'000);
    const FullDisk full(15'000);
    file.write(bytes);
    expect_error(Errc::no_space, "cannot write", [&] { file.write(bytes); });
    BOOST_TEST(file.size() == 10'000u, "a failed write counts for nothing");
    scratch.write(bytes);
    expect_error(Errc::no_space, "temporary file", [&] { scratch.write(bytes); });
  }
  BOOST_TEST(entries_of(directory.path()) == 0);
}

BOOST_AUTO_TEST_CASE(one_of_many_writers_gets_the_name) {
  const TemporaryDirectory directory;
  std::atomic<int> won = 0, lost = 0;
  std::vector<std::thread> writers;
  for (int i = 0; i < 8; ++i) {
    writers.emplace_back([&, i] {
      try {
        write_file(directory / "x", bytes_of(std::string(100, static_cast<char>('a' + i))),
                   Publish::create_only);
        ++won;
      } catch (const Error& error) {
        lost += error.code() == Errc::exists;
      }
    });
  }
  for (std::thread& writer : writers) writer.join();
  BOOST_TEST(won == 1);
  BOOST_TEST(lost == 7);
  BOOST_TEST(entries_of(directory.path()) == 1);
}

BOOST_AUTO_TEST_CASE(a_scratch_file_has_no_name) {
  const TemporaryDirectory directory;
  ScratchFile file(directory.path());
  file.write(bytes_of("0123456789"));
  BOOST_TEST(entries_of(directory.path()) == 0);
  Bytes three(3);
  file.read_at(7, three);
  BOOST_TEST(text_of(three) == "789");
  expect_error(Errc::corrupt, "ends at byte 10", [&] { file.read_at(8, three); });
  BOOST_TEST(ScratchFile().size() == 0u);
}

BOOST_AUTO_TEST_SUITE_END()
