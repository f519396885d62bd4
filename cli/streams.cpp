#include "streams.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>

#include "brine/hint.hpp"
#include "terminal.hpp"
#include "wrap.hpp"

namespace brine::cli {
namespace {

std::atomic<bool> output_reader_gone = false;

void do_nothing(int) {}

// A handler rather than SIG_IGN: commands that the library starts get the default back at exec.
void make_harmless(int signal) {
  struct sigaction action {};
  action.sa_handler = do_nothing;
  action.sa_flags = SA_RESTART;
  sigemptyset(&action.sa_mask);
  sigaction(signal, &action, nullptr);
}

struct Output {
  std::string name;
  std::string if_full;    // what shows why there is no space
  std::string otherwise;  // what shows why it cannot be written
};

// Nothing tells on which file system the output of a shell is, so all are shown.
Output standard_output() { return {"standard output", "df -h", "ls -l /proc/self/fd"}; }

std::filesystem::path temporary_directory() {
  std::error_code failure;
  const auto path = std::filesystem::temp_directory_path(failure);
  if (!failure) return path;
  const char* wanted = std::getenv("TMPDIR");
  return wanted == nullptr ? "/tmp" : wanted;
}

Output temporary_file() {
  const auto directory = temporary_directory();
  return {fmt::format("a temporary file in {}", directory.string()), at_place("df -h", directory),
          at_place("ls -lad", directory)};
}

[[noreturn]] void throw_write_failure(int number, const Output& output) {
  const bool full = number == ENOSPC || number == EDQUOT || number == EFBIG;
  const std::string hint = number == EFBIG ? "ulimit -f" : full ? output.if_full : output.otherwise;
  throw Error(full ? Errc::no_space : Errc::environment,
              fmt::format("cannot write {}: {}", output.name, std::strerror(number)), hint);
}

void wait_until_writable(int descriptor) {
  pollfd wanted{.fd = descriptor, .events = POLLOUT, .revents = 0};
  poll(&wanted, 1, -1);
}

// Returns 0 or the errno that ended it.
int write_all(int descriptor, ByteView bytes) noexcept {
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor, bytes.data(), bytes.size());
    if (written >= 0) {
      bytes = bytes.subspan(static_cast<std::size_t>(written));
    } else if (errno == EAGAIN) {
      wait_until_writable(descriptor);
    } else if (errno != EINTR) {
      return errno;
    }
  }
  return 0;
}

void write_output_bytes(ByteView bytes) {
  const int failure = write_all(STDOUT_FILENO, bytes);
  if (failure == EPIPE) output_reader_gone = true;
  if (failure != 0) throw_write_failure(failure, standard_output());
}

int open_nameless_file() {
  std::string pattern = temporary_directory().string() + "/brine-XXXXXX";
  const int descriptor = mkostemp(pattern.data(), O_CLOEXEC);
  if (descriptor < 0) throw_write_failure(errno, temporary_file());
  unlink(pattern.c_str());
  return descriptor;
}

}  // namespace

void prepare_streams() {
  for (int descriptor = 0; descriptor <= 2; ++descriptor) {
    if (fcntl(descriptor, F_GETFD) != -1) continue;
    // Open the wrong way round: using a stream that the caller closed stays an error. open() takes
    // the lowest free number, which is this one.
    const int taken = open("/dev/null", descriptor == 0 ? O_WRONLY : O_RDONLY);
    if (taken < 0) return;
  }
  make_harmless(SIGPIPE);
  make_harmless(SIGXFSZ);
}

void write_output(std::string_view text) { write_output_bytes(bytes_of(text)); }

void write_text(std::string_view text) {
  const bool cut = is_terminal(Stream::output);
  write_output(cut ? wrapped_lines(text, width_of(Stream::output)) : std::string(text));
}

void write_error(std::string_view text) noexcept { write_all(STDERR_FILENO, bytes_of(text)); }

bool reader_has_gone() noexcept { return output_reader_gone; }

std::size_t StandardInput::read(ByteSpan buffer) {
  while (true) {
    const ssize_t count = ::read(STDIN_FILENO, buffer.data(), buffer.size());
    if (count >= 0) return static_cast<std::size_t>(count);
    if (errno == EAGAIN) {
      pollfd wanted{.fd = STDIN_FILENO, .events = POLLIN, .revents = 0};
      poll(&wanted, 1, -1);
    } else if (errno != EINTR) {
      throw Error(Errc::environment,
                  fmt::format("cannot read standard input: {}", std::strerror(errno)),
                  "ls -l /proc/self/fd");
    }
  }
}

std::optional<std::string> input_file() {
  struct stat input {};
  struct stat named {};
  std::error_code failure;
  const std::filesystem::path path = std::filesystem::read_symlink("/proc/self/fd/0", failure);
  if (failure || fstat(STDIN_FILENO, &input) != 0 || !S_ISREG(input.st_mode)) return std::nullopt;
  const bool is_there = stat(path.c_str(), &named) == 0 && named.st_ino == input.st_ino;
  return is_there ? std::optional(path.string()) : std::nullopt;
}

void StandardOutput::begin(std::uint64_t) {}

void StandardOutput::write(ByteView bytes) { write_output_bytes(bytes); }

TemporaryFile::TemporaryFile() : descriptor_(open_nameless_file()) {}

TemporaryFile::~TemporaryFile() { close(descriptor_); }

std::filesystem::path TemporaryFile::path() const {
  return fmt::format("/proc/self/fd/{}", descriptor_);
}

void TemporaryFile::begin(std::uint64_t) {
  if (ftruncate(descriptor_, 0) != 0 || lseek(descriptor_, 0, SEEK_SET) != 0) {
    throw_write_failure(errno, temporary_file());
  }
}

void TemporaryFile::write(ByteView bytes) {
  const int failure = write_all(descriptor_, bytes);
  if (failure != 0) throw_write_failure(failure, temporary_file());
}

Spool::Spool() {
  StandardInput input;
  std::array<std::byte, 1 << 16> buffer;
  while (const std::size_t count = input.read(buffer)) write(ByteView(buffer).first(count));
}

}  // namespace brine::cli
