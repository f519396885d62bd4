#include "io/command.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <thread>

#include "io/file.hpp"
#include "support/expect.hpp"
#include "support/temporary.hpp"

using namespace brine;
using namespace brine::io;
using brine::test::TemporaryDirectory;
using namespace std::chrono_literals;

namespace {

std::string run(const std::string& command, std::string_view input = {}) {
  return run_command(command, input, 10s);
}

std::string text_in(const std::filesystem::path& path) {
  return std::string(text_of(read_file(path, 16 << 20)));
}

bool has_children() { return ::waitpid(-1, nullptr, WNOHANG) != -1 || errno != ECHILD; }

}  // namespace

BOOST_AUTO_TEST_CASE(what_went_wrong_is_one_phrase) {
  const struct {
    std::string command, phrase;
  } rows[] = {
      {"true", ""},
      {"exit 3", "exit status 3"},
      {"no-such-command-at-all 2>/dev/null", "exit status 127"},
      {"kill -TERM $$", "killed by signal 15"},
      {"", ""},
  };
  for (const auto& row : rows) BOOST_TEST(run(row.command) == row.phrase, row.command);
  BOOST_TEST(!has_children());
}

BOOST_AUTO_TEST_CASE(a_command_reads_its_input_whole) {
  const TemporaryDirectory directory;
  const std::string input(3'000'000, 'x');
  for (const std::string reader : {"cat", "cat /dev/stdin"}) {
    BOOST_TEST(run(reader + " > " + (directory / "out").string(), input) == "");
    BOOST_TEST((text_in(directory / "out") == input), reader);
  }
}

BOOST_AUTO_TEST_CASE(a_command_that_does_not_read_is_no_failure) {
  const std::string input(3'000'000, 'x');
  BOOST_TEST(run("true", input) == "");
  BOOST_TEST(run("head -c 1 >/dev/null", input) == "");
  BOOST_TEST(run("exec <&-; sleep 0.05", input) == "");
}

BOOST_AUTO_TEST_CASE(standard_output_goes_to_our_standard_error) {
  const TemporaryDirectory directory;
  const int before = ::dup(STDERR_FILENO);
  const int file = ::open((directory / "err").c_str(), O_WRONLY | O_CREAT, 0600);
  ::dup2(file, STDERR_FILENO);
  const std::string phrase = run("echo to-out; echo to-err >&2");
  ::dup2(before, STDERR_FILENO);
  ::close(before);
  ::close(file);
  BOOST_TEST(phrase == "");
  BOOST_TEST(text_in(directory / "err") == "to-out\nto-err\n");
}

BOOST_AUTO_TEST_CASE(a_time_out_kills_all_that_the_command_started) {
  const TemporaryDirectory directory;
  const auto pid = (directory / "pid").string();
  const auto start = std::chrono::steady_clock::now();
  BOOST_TEST(run_command("sleep 60 & echo $! > " + pid + "; wait", {}, 300ms) ==
             "killed after 300 ms");
  BOOST_TEST((std::chrono::steady_clock::now() - start < 10s));
  BOOST_TEST(!has_children());
  const pid_t grandchild = std::stoi(text_in(pid));
  // It is not ours to wait for: whoever adopts orphans reaps it in its own time.
  for (int i = 0; i < 200 && ::kill(grandchild, 0) == 0; ++i) {
    const std::string status = text_in("/proc/" + std::to_string(grandchild) + "/stat");
    if (status.find(") Z ") != std::string::npos) return;
    std::this_thread::sleep_for(10ms);
  }
  BOOST_TEST(::kill(grandchild, 0) == -1);
}

BOOST_AUTO_TEST_CASE(nothing_of_ours_is_open_in_the_command) {
  const int leak = ::open("/dev/null", O_RDONLY);  // without O_CLOEXEC
  BOOST_TEST(run("test ! -e /proc/$$/fd/" + std::to_string(leak)) == "");
  ::close(leak);
}

BOOST_AUTO_TEST_CASE(signals_are_as_a_shell_expects_them) {
  // As in a Python process, which ignores SIGPIPE.
  const auto before = ::signal(SIGPIPE, SIG_IGN);
  BOOST_TEST(run("kill -PIPE $$") == "killed by signal 13");
  ::signal(SIGPIPE, before);
}

BOOST_AUTO_TEST_CASE(a_host_that_ignores_its_children_is_told_that_nothing_is_known) {
  const auto before = ::signal(SIGCHLD, SIG_IGN);
  const std::string phrase = run("exit 3");
  ::signal(SIGCHLD, before);
  BOOST_TEST(phrase.starts_with("its exit status is not known"), phrase);
}
