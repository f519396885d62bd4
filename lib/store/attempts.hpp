// Loads under way, each a file in attempts/ that is there before the target gets a byte.
//
//   attempts/ID.NONCE      an io::HeldFile, for as long as its process lives and uses the payload
//
// Whoever dies leaves the file and drops the lock: that was a spent try. Nobody has to be asked,
// and no clock decides: the kernel knows who is alive. A process that is told to end while it loads
// (SIGTERM, a time-out) counts as dead too: a load that hangs ends in no other way.
#pragma once

#include <optional>
#include <string_view>

#include "io/lock.hpp"
#include "store/layout.hpp"

namespace brine::store {

/// Loads of one snapshot that may die before it is suspect.
inline constexpr unsigned load_tries = 3;

/// The record of one load. Its end without a crash, good or bad, removes it.
class AttemptRecord {
 public:
  /// Durable when it returns. Throws: environment, no_space.
  AttemptRecord(const Layout& layout, std::string_view id);
  AttemptRecord(AttemptRecord&&) noexcept = default;
  AttemptRecord& operator=(AttemptRecord&&) noexcept = default;

 private:
  io::HeldFile file_;
};

/// Returns how many loads of `id` died. What cannot be read counts as none.
unsigned dead_attempts(const Layout& layout, std::string_view id);

/// Forgets them.
void forget_dead_attempts(const Layout& layout, std::string_view id);

}  // namespace brine::store
