// A target that is a file, which appears when the load is done.
#pragma once

#include "brine/store.hpp"
#include "io/file.hpp"

namespace brine::store {

/// Returns the file that an output of that name replaces or makes, its links followed. Throws:
/// environment where something stands there that is no regular file; usage inside any store.
std::filesystem::path output_path(const std::filesystem::path& path);

/// Follows links to the file that they name. Throws: environment where something stands there that
/// is no regular file; usage inside the store in `root`.
class FileTarget final : public Target {
 public:
  FileTarget(const std::filesystem::path& path, const std::filesystem::path& root);
  void begin(std::uint64_t) override { file_.restart(); }
  bool can_restart() const noexcept override { return true; }
  void write(ByteView bytes) override { file_.write(bytes); }
  void commit() { file_.commit(); }

 private:
  io::AtomicFile file_;
};

}  // namespace brine::store
