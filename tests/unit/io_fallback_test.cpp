// Publication on file systems that can do less: the kernel is made to refuse what they refuse.
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <functional>
#include <iterator>

#include "io/file.hpp"
#include "support/expect.hpp"
#include "support/temporary.hpp"

using namespace brine;
using namespace brine::io;
using brine::test::TemporaryDirectory;

namespace {

constexpr int cannot_filter = 77;

// From here on, openat() with O_TMPFILE fails as on FAT, and renameat2() as on NFS.
bool refuse_modern_calls() {
  constexpr unsigned tmpfile_bit = O_TMPFILE & ~O_DIRECTORY;
  sock_filter program[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_renameat2, 4, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat, 0, 2),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, args[2])),
      BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, tmpfile_bit, 2, 0),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EINVAL),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EOPNOTSUPP),
  };
  const sock_fprog filter{std::size(program), program};
  return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0;
}

std::ptrdiff_t entries_of(const std::filesystem::path& directory) {
  return std::distance(std::filesystem::directory_iterator(directory), {});
}

// Runs `body` in a child, since the filter cannot be taken off again.
void where_calls_are_refused(const std::function<bool()>& body) {
  const pid_t child = ::fork();
  if (child == 0) {
    if (!refuse_modern_calls()) ::_exit(cannot_filter);
    try {
      ::_exit(body() ? 0 : 1);
    } catch (...) {
      ::_exit(2);
    }
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  if (WIFEXITED(status) && WEXITSTATUS(status) == cannot_filter) {
    BOOST_TEST_MESSAGE("skipped: the kernel takes no filter here");
    return;
  }
  BOOST_TEST(status == 0);
}

std::string text_in(const std::filesystem::path& path) {
  return std::string(text_of(read_file(path, 1000)));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(fallback)

BOOST_AUTO_TEST_CASE(the_filter_refuses_files_without_a_name) {
  const TemporaryDirectory directory;
  where_calls_are_refused([&] {
    return ::open(directory.path().c_str(), O_TMPFILE | O_RDWR, 0600) < 0 && errno == EOPNOTSUPP;
  });
}

BOOST_AUTO_TEST_CASE(both_ways_of_publishing_work_with_a_temporary_name) {
  const TemporaryDirectory directory;
  where_calls_are_refused([&] {
    for (const Publish publish : {Publish::create_only, Publish::replace}) {
      AtomicFile file(directory / "x", publish);
      file.write(bytes_of("whole"));
      if (entries_of(directory.path()) != 1) return false;  // the temporary name
      file.commit();
      if (text_in(directory / "x") != "whole" || entries_of(directory.path()) != 1) return false;
      remove_file(directory / "x");
    }
    return true;
  });
}

BOOST_AUTO_TEST_CASE(a_name_that_is_taken_is_kept) {
  const TemporaryDirectory directory;
  where_calls_are_refused([&] {
    write_file(directory / "x", bytes_of("old"), Publish::create_only);
    try {
      write_file(directory / "x", bytes_of("new"), Publish::create_only);
    } catch (const Error& error) {
      return error.code() == Errc::exists && text_in(directory / "x") == "old" &&
             entries_of(directory.path()) == 1;
    }
    return false;
  });
}

BOOST_AUTO_TEST_CASE(a_dropped_file_takes_its_temporary_name_along) {
  const TemporaryDirectory directory;
  where_calls_are_refused([&] {
    { AtomicFile file(directory / "x", Publish::replace); }
    return entries_of(directory.path()) == 0;
  });
}

BOOST_AUTO_TEST_CASE(a_scratch_file_loses_its_name_at_once) {
  const TemporaryDirectory directory;
  where_calls_are_refused([&] {
    ScratchFile file(directory.path());
    file.write(bytes_of("0123456789"));
    Bytes two(2);
    file.read_at(8, two);
    return text_of(two) == "89" && entries_of(directory.path()) == 0;
  });
}

BOOST_AUTO_TEST_SUITE_END()
