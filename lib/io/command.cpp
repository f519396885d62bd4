#include "io/command.hpp"

#include <fmt/format.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <optional>
#include <system_error>
#include <thread>

#include "brine/error.hpp"
#include "io/system.hpp"

namespace brine::io {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

std::string reason(int errno_value) { return std::generic_category().message(errno_value); }

// A file in memory in place of a pipe: nobody waits for a command that does not read, no SIGPIPE
// comes from one that stops early, and `/dev/stdin` can be opened by name.
Fd file_with(std::string_view input) {
  Fd fd(::memfd_create("brine-input", MFD_CLOEXEC));
  if (!fd) throw_errno(errno, "write", "the input of a command");
  write_all_at(fd.get(), 0, bytes_of(input), "the input of a command");
  return fd;
}

// What the child does before it becomes the shell: nothing of ours stays open in it.
class Actions {
 public:
  explicit Actions(const Fd& input) {
    posix_spawn_file_actions_init(&actions_);
    posix_spawn_file_actions_adddup2(&actions_, input.get(), STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions_, STDERR_FILENO, STDOUT_FILENO);
    posix_spawn_file_actions_addclosefrom_np(&actions_, STDERR_FILENO + 1);
  }
  Actions(const Actions&) = delete;
  Actions& operator=(const Actions&) = delete;
  ~Actions() { posix_spawn_file_actions_destroy(&actions_); }

  const posix_spawn_file_actions_t* get() const noexcept { return &actions_; }

 private:
  posix_spawn_file_actions_t actions_;
};

// A group of its own, so that a time-out reaches whatever the shell has started, and signals as a
// shell expects them: Python, for one, ignores SIGPIPE, and a child would inherit that.
class Attributes {
 public:
  Attributes() {
    sigset_t signals;
    posix_spawnattr_init(&attributes_);
    posix_spawnattr_setpgroup(&attributes_, 0);
    sigemptyset(&signals);
    posix_spawnattr_setsigmask(&attributes_, &signals);
    sigaddset(&signals, SIGPIPE);
    posix_spawnattr_setsigdefault(&attributes_, &signals);
    posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK |
                                               POSIX_SPAWN_SETSIGDEF);
  }
  Attributes(const Attributes&) = delete;
  Attributes& operator=(const Attributes&) = delete;
  ~Attributes() { posix_spawnattr_destroy(&attributes_); }

  const posix_spawnattr_t* get() const noexcept { return &attributes_; }

 private:
  posix_spawnattr_t attributes_;
};

std::string outcome(int status) {
  if (WIFSIGNALED(status)) return fmt::format("killed by signal {}", WTERMSIG(status));
  if (WEXITSTATUS(status) != 0) return fmt::format("exit status {}", WEXITSTATUS(status));
  return {};
}

// Says how `child` ended, once it has. A host that ignores SIGCHLD never learns the status.
std::optional<std::string> ended(pid_t child, int options) {
  int status = 0;
  const pid_t reaped = uninterrupted([&] { return ::waitpid(child, &status, options); });
  if (reaped == 0) return std::nullopt;
  return reaped < 0 ? "its exit status is not known: " + reason(errno) : outcome(status);
}

std::string wait_for(pid_t child, std::chrono::milliseconds timeout) {
  const auto deadline = Clock::now() + timeout;
  for (auto pause = 1ms;; pause = std::min(pause * 2, 20ms)) {
    if (auto phrase = ended(child, WNOHANG)) return *phrase;
    if (Clock::now() >= deadline) break;
    std::this_thread::sleep_for(pause);
  }
  // The group still has its leader, which is not reaped: the number cannot be anyone else's.
  ::kill(-child, SIGKILL);
  ended(child, 0);
  return fmt::format("killed after {} ms", timeout.count());
}

}  // namespace

std::string run_command(const std::string& command, std::string_view input,
                        std::chrono::milliseconds timeout) {
  try {
    const Fd file = file_with(input);
    const Actions actions(file);
    const Attributes attributes;
    std::string shell = "sh", option = "-c", script = command;
    char* const arguments[] = {shell.data(), option.data(), script.data(), nullptr};
    pid_t child = 0;
    const int failure = ::posix_spawn(&child, "/bin/sh", actions.get(), attributes.get(),
                                      arguments, environ);
    if (failure != 0) return "cannot start /bin/sh: " + reason(failure);
    return wait_for(child, timeout);
  } catch (const Error& error) {
    return error.what();
  }
}

}  // namespace brine::io
