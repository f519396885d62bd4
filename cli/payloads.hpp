// Payloads that go into a command, from a file, a pipe or a store, and out of it.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "arguments.hpp"
#include "streams.hpp"

namespace brine::cli {

/// Says whether REF|FILE names a file: a line of that name comes first, and a path with a slash can
/// be no reference.
bool is_file(const GlobalArguments& global, const std::string& target);

/// What REF|FILE names, to be read from a file. A snapshot is loaded as `load` does it, into a
/// temporary file. Throws: not_found where it is neither, and as Store::load().
class InputPayload {
 public:
  InputPayload(const GlobalArguments& global, const std::string& target);

  std::filesystem::path path() const { return loaded_ ? loaded_->path() : file_; }
  /// For messages.
  const std::string& name() const noexcept { return name_; }

 private:
  void load(const GlobalArguments& global, const std::string& reference);

  std::string name_;
  std::filesystem::path file_;
  std::unique_ptr<TemporaryFile> loaded_;
};

/// Ends a command that would write a payload to a terminal; with `-o -` that is on the user's word.
/// `name`: what a file for it is called in the hint, without its suffix. Throws: usage.
void keep_from_terminal(const Arguments& arguments, const std::optional<std::string>& output,
                        const std::string& name);

}  // namespace brine::cli
