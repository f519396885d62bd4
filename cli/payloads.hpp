// Payloads that go into a command, from a file, a pipe or a store, and out of it.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "arguments.hpp"
#include "streams.hpp"

namespace brine::cli {

/// Returns the names of the regular files in `directory`, of very many the first that are met.
std::vector<std::filesystem::path> files_in(const std::filesystem::path& directory);

/// Says whether REF|FILE names a file: a line of that name comes first, and a path with a slash can
/// be no reference.
bool is_file(const GlobalArguments& global, const std::string& target);

/// Returns the snapshot that REF or REF|FILE names. Throws: as Store::resolve(), but where a file
/// was meant, what is the matter with that.
Snapshot snapshot_of(const Arguments& arguments, const std::string& target);

/// What REF|FILE names, to be read from a file. A snapshot is loaded as `load` does it, into a
/// temporary file. Throws: not_found where it is neither, and as Store::load().
class InputPayload {
 public:
  InputPayload(const Arguments& arguments, const std::string& target);

  std::filesystem::path path() const { return loaded_ ? loaded_->path() : file_; }
  /// For messages.
  const std::string& name() const noexcept { return name_; }

 private:
  void load(const Arguments& arguments, const std::string& reference);

  std::string name_;
  std::filesystem::path file_;
  std::unique_ptr<TemporaryFile> loaded_;
};

/// Returns the file that `target` names, or that standard input comes from where it is `-`, as one
/// word of a shell; `-` where that is a pipe.
std::string word_of_file(const std::string& target);

/// Returns the line with `file`, which is not there, replaced by the name nearest to it in its
/// directory; nothing where none is near.
std::optional<std::string> with_near_file(const Arguments& arguments, const std::string& file);

/// Ends a command that would write a payload to a terminal; with `-o -` that is on the user's word.
/// `name`: what a file for it is called in the hint, without its suffix. Throws: usage.
void keep_from_terminal(const Arguments& arguments, const std::optional<std::string>& output,
                        const std::string& name);

}  // namespace brine::cli
