// Standard input and output as the library sees them.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "brine/store.hpp"

namespace brine::cli {

/// Makes descriptors 0 to 2 exist and SIGPIPE and SIGXFSZ harmless, so that a store never opens a
/// file under the number of a standard stream, and a closed pipe or a file size limit is an error
/// of write() instead of the end of the process. First thing in main().
void prepare_streams();

/// Writes all of `text` to standard output. Throws: environment, no_space.
void write_output(std::string_view text);

/// Writes `text`, its lines cut at blanks where a terminal would cut them inside words. Throws:
/// environment, no_space.
void write_text(std::string_view text);

/// Writes all of `text` to standard error, as far as that goes.
void write_error(std::string_view text) noexcept;

/// Says whether a write to standard output failed because its reader has gone.
bool reader_has_gone() noexcept;

/// Standard input.
class StandardInput final : public Source {
 public:
  std::size_t read(ByteSpan buffer) override;
};

/// Returns the file that standard input comes from, if it is one: only then can a line read it
/// again.
std::optional<std::string> input_file();

/// Standard output as the place where a load delivers.
class StandardOutput final : public Target {
 public:
  void begin(std::uint64_t payload_bytes) override;
  bool can_restart() const noexcept override { return false; }
  void write(ByteView bytes) override;
};

/// A temporary file without a name, which ends with this object, as the place where a load
/// delivers.
class TemporaryFile : public Target {
 public:
  /// Throws: environment, no_space, as write() does.
  TemporaryFile();
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  ~TemporaryFile() override;

  /// Returns a path that opens the file. Lifetime: of this object.
  std::filesystem::path path() const;

  void begin(std::uint64_t payload_bytes) override;
  bool can_restart() const noexcept override { return true; }
  void write(ByteView bytes) override;

 private:
  int descriptor_;
};

/// All of standard input.
class Spool final : public TemporaryFile {
 public:
  /// Throws: environment, no_space.
  Spool();
};

}  // namespace brine::cli
