// The one exception of brine, and the closed table of what can go wrong.
#pragma once

#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>

#include "brine/version.hpp"

namespace brine {

/// What went wrong, by what a caller can do about it. The names and values are part of the API:
/// exit codes of the command and exception classes of the Python package come from errc_table().
enum class Errc : std::uint8_t {
  usage = 1,      ///< the call is wrong: an unknown codec, a bad line name, a level out of range
  exists,         ///< it is there already: a store, a tag
  not_found,      ///< no such store, line, snapshot, table or file
  unusable,       ///< every candidate of a fallback load was rejected
  corrupt,        ///< damaged, truncated, or not a checkpoint at all
  unsupported,    ///< written by a newer brine, or a form that this one cannot rewrite
  signature,      ///< signature or key
  replay,         ///< an old snapshot passed off as the newest
  refused,        ///< policy: an unsafe or untrusted pickle
  limit,          ///< one of Limits was exceeded
  environment,    ///< input/output, permission, memory
  no_space,       ///< the disk or quota is full
  busy,           ///< another process holds the lock
  migration,      ///< conflict, cycle, or no path between steps
  internal,       ///< a bug in brine
};

/// One row of the table that the command, the Python package and the documents share.
struct ErrcInfo {
  Errc code;
  std::string_view name;          ///< as in the enum
  int exit_code;                  ///< of the command
  std::string_view python_class;  ///< in the package `brine`
  std::string_view meaning;       ///< one phrase
};

/// Returns every row, in the order of the enum.
BRINE_API std::span<const ErrcInfo> errc_table() noexcept;

/// Returns the row of `code`.
BRINE_API const ErrcInfo& info(Errc code) noexcept;

/// Says whether a load with fallback may go on to an older snapshot after `code`: the snapshot is
/// at fault, not the environment and not the caller.
BRINE_API bool is_fallback_worthy(Errc code) noexcept;

/// Ends an operation. what() is one sentence that names the thing, what was expected and what was
/// found; hint() is the next command to try, or empty.
class BRINE_API Error : public std::runtime_error {
 public:
  Error(Errc code, const std::string& what, std::string hint = {});
  Error(const Error&) = default;
  ~Error() override;

  Errc code() const noexcept { return code_; }
  const std::string& hint() const noexcept { return hint_; }

  /// Returns the same error with `where` and a colon put before the sentence.
  Error in_context(std::string_view where) const;

 private:
  Errc code_;
  std::string hint_;
};

/// Runs `body`; an Error that leaves it gains `where` in front.
template <typename Body>
decltype(auto) in_context(std::string_view where, Body&& body) {
  try {
    return std::forward<Body>(body)();
  } catch (const Error& error) {
    throw error.in_context(where);
  }
}

}  // namespace brine
