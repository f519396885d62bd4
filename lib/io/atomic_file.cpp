#include <fcntl.h>
#include <fmt/format.h>
#include <stdio.h>
#include <unistd.h>

#include <utility>

#include "base/text.hpp"
#include "brine/error.hpp"
#include "io/system.hpp"

namespace brine::io {
namespace {

std::filesystem::path temporary_beside(const std::filesystem::path& target) {
  return directory_of(target) / (".tmp-" + base::random_id());
}

// A file without a name gets one through its entry in /proc.
std::string proc_entry(const Fd& fd) { return fmt::format("/proc/self/fd/{}", fd.get()); }

bool has_proc() { return ::access("/proc/self/fd", X_OK) == 0; }

void give_name(const Fd& fd, const std::filesystem::path& name,
               const std::filesystem::path& target) {
  if (::linkat(AT_FDCWD, proc_entry(fd).c_str(), AT_FDCWD, name.c_str(), AT_SYMLINK_FOLLOW) == 0) {
    return;
  }
  if (errno == EEXIST) {
    throw Error(Errc::exists, fmt::format("{} exists already", base::printable(target.native())));
  }
  throw_errno(errno, "write", target);
}

// Not every file system can rename without replacing; those that cannot have hard links.
void rename_to_new(const std::filesystem::path& from, const std::filesystem::path& to) {
  if (::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) == 0) return;
  if (errno == EINVAL && ::link(from.c_str(), to.c_str()) == 0) {
    ::unlink(from.c_str());
    return;
  }
  if (errno == EEXIST) {
    throw Error(Errc::exists, fmt::format("{} exists already", base::printable(to.native())));
  }
  throw_errno(errno, "write", to);
}

}  // namespace

AtomicFile::AtomicFile(std::filesystem::path target, Publish publish, unsigned mode)
    : target_(std::move(target)), publish_(publish) {
  if (has_proc()) {
    fd_ = try_open_nameless(directory_of(target_), mode);
    if (fd_) return;
    if (!lacks_nameless_files(errno)) throw_errno(errno, "write", target_);
  }
  const auto name = temporary_beside(target_);
  fd_ = try_open(name, O_RDWR | O_CREAT | O_EXCL, mode);
  if (!fd_) throw_errno(errno, "write", target_);
  temporary_ = name;
}

AtomicFile::~AtomicFile() {
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
}

void AtomicFile::write(ByteView bytes) {
  require_open();
  write_all_at(fd_.get(), size_, bytes, target_);
  size_ += bytes.size();
}

void AtomicFile::read_at(std::uint64_t offset, ByteSpan buffer) const {
  read_all_at(fd_.get(), offset, buffer, target_);
}

void AtomicFile::restart() {
  require_open();
  if (::ftruncate(fd_.get(), 0) != 0) throw_errno(errno, "write", target_);
  size_ = 0;
}

// The directory is opened first: one that cannot be made durable gets no file.
void AtomicFile::commit() {
  require_open();
  open_ = false;
  const auto directory = directory_of(target_);
  const Fd parent = open_or_throw(directory, O_RDONLY | O_DIRECTORY, "sync");
  sync(fd_.get(), target_);
  publish();
  sync(parent.get(), directory);
}

void AtomicFile::publish() {
  if (temporary_.empty()) {
    if (publish_ == Publish::create_only) return give_name(fd_, target_, target_);
    // A link cannot replace; a rename can.
    const auto name = temporary_beside(target_);
    give_name(fd_, name, target_);
    temporary_ = name;
  }
  if (publish_ == Publish::create_only) {
    rename_to_new(temporary_, target_);
  } else if (::rename(temporary_.c_str(), target_.c_str()) != 0) {
    throw_errno(errno, "write", target_);
  }
  temporary_.clear();
}

void AtomicFile::require_open() const {
  if (!open_) {
    throw Error(Errc::internal, fmt::format("{} was committed or given up already",
                                            base::printable(target_.native())));
  }
}

void write_file(const std::filesystem::path& path, ByteView content, Publish publish,
                unsigned mode) {
  AtomicFile file(path, publish, mode);
  file.write(content);
  file.commit();
}

}  // namespace brine::io
