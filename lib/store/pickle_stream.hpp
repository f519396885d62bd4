// Pickles behind one another, as a payload or a member of a container has them.
#pragma once

#include <optional>
#include <string>

#include "pickle/machine.hpp"

namespace brine::store {

/// What may stand between pickles, and behind the last.
constexpr bool is_white_space(std::byte b) {
  return b == std::byte{'\n'} || b == std::byte{'\r'} || b == std::byte{' '};
}

/// Begins every pickle from protocol 2 on.
inline constexpr std::byte protocol_opcode{0x80};

/// Runs one pickle after another over a stream.
class PickleStream {
 public:
  /// Lifetime: borrows `machine`.
  PickleStream(pickle::Machine& machine, std::uint64_t base, std::uint64_t max_pickles,
               const Limits& limits);

  void write(ByteView bytes);
  /// Takes as many of the next `available` bytes as passed as need not be seen: the inside of
  /// large buffers, and what follows the end. Returns how many.
  std::uint64_t pass(std::uint64_t available);
  void finish();

  std::uint64_t pickles() const noexcept { return pickles_; }  ///< read to their STOP
  std::uint64_t opcodes() const noexcept { return opcodes_; }
  /// Where the last STOP ended.
  std::uint64_t end() const noexcept { return end_; }
  /// Bytes behind the last STOP that are no pickle and not only white space.
  bool has_trailing_bytes() const noexcept { return trailing_; }
  /// Why the pickle under way could not be read; empty: nothing is wrong.
  const std::string& reason() const noexcept { return reason_; }
  /// Whether it had pushed a symbol before: what a loader does up to there, it has done.
  bool has_acted() const { return pushed_symbols() > pushed_before_; }
  std::uint64_t failed_at() const noexcept { return failed_at_; }
  /// Whether the bytes ended inside a pickle in which nothing else was wrong. Only what begins as
  /// picklers begin it counts: raw bytes behind a pickle may look like opcodes.
  bool is_cut_short() const noexcept { return is_cut_short_; }
  /// Whether what could not be read is a pickle for sure.
  bool is_no_chance() const noexcept { return is_no_chance_; }

 private:
  void begin(std::uint64_t base);
  void settle();
  void skip_white_space(ByteView& bytes);
  std::uint64_t pushed_symbols() const;

  pickle::Machine& machine_;
  Limits limits_;
  std::optional<pickle::TokenReader> reader_;
  std::uint64_t max_pickles_;
  std::uint64_t offset_;  // of the next byte to come
  std::uint64_t pickles_ = 0;
  std::uint64_t opcodes_ = 0;
  std::uint64_t end_ = 0;
  bool trailing_ = false;
  std::uint64_t pushed_before_ = 0;
  bool between_ = true;  // after a STOP, or before the first byte
  std::string reason_;
  std::uint64_t failed_at_ = 0;
  bool is_at_end_ = false;
  bool has_protocol_ = false;  // the pickle under way begins with PROTO
  bool is_cut_short_ = false;
  bool is_no_chance_ = false;
};

}  // namespace brine::store
