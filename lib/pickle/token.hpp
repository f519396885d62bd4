// Cuts a stream that arrives in pieces into opcodes with their arguments.
//
// Large buffers are never held: a counted argument over `held_bytes` is reported by its place and
// length as soon as its opcode is known, and its bytes pass by. So the memory of a reader does not
// grow with the tensors of a checkpoint, and it learns of a buffer before the buffer begins, which
// lets a writer cut its blocks there.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "brine/bytes.hpp"
#include "brine/limits.hpp"
#include "pickle/opcode.hpp"

namespace brine::pickle {

/// Counted arguments up to this size are handed over whole.
inline constexpr std::uint64_t held_bytes = 64ULL << 10;

/// One opcode. Lifetime: `argument` is valid during on_token only.
struct Token {
  const Opcode* code = nullptr;
  std::uint64_t offset = 0;           ///< of the opcode byte, from the start of the payload
  std::uint64_t argument_offset = 0;  ///< of the argument proper, behind any length
  std::uint64_t argument_bytes = 0;   ///< of the argument proper, without newline
  bool held = true;                   ///< false: a large buffer, `argument` is empty
  ByteView argument;
  std::uint64_t end = 0;  ///< where the next opcode begins
};

/// What no pickler does with frames, and what not every reader takes.
enum class FrameBreach : std::uint8_t {
  nested,      ///< a frame begins inside another
  unfinished,  ///< STOP comes before the end of its frame; what is left of it passes unread
};

/// What listens to a reader.
class TokenSink {
 public:
  virtual ~TokenSink();
  /// Returns whether to go on. Where not, reason() says why.
  virtual bool on_token(const Token& token) = 0;
  /// Before the token that breaches is told.
  virtual void on_frame_breach(const Token&, FrameBreach) {}
  /// One phrase; empty while nothing is wrong.
  const std::string& reason() const noexcept { return reason_; }

 protected:
  [[gnu::cold, gnu::noinline]] bool fail(std::string reason);

  std::string reason_;
};

/// Reads one pickle. Values instead of exceptions: what is wrong with a stream is a finding.
class TokenReader {
 public:
  enum class State : std::uint8_t {
    reading,
    stopped,  ///< STOP was read
    failed,   ///< reason() says why, offset() where
  };

  /// `base`: where in the payload this pickle begins. Lifetime: borrows `sink`.
  TokenReader(TokenSink& sink, std::uint64_t base, const Limits& limits);

  /// Takes the next bytes and returns how many were used: all of them while reading.
  std::size_t feed(ByteView bytes);

  /// Lets the next `bytes` bytes pass unread, as joblib's arrays between opcodes need. To be
  /// called from on_token.
  void skip(std::uint64_t bytes) {
    skip_ += bytes;
    is_diverted_ = true;
  }

  /// The same where the next byte says how many bytes of padding come first.
  void skip_padded(std::uint64_t bytes) {
    behind_padding_ = bytes;
    is_diverted_ = true;
  }

  /// Ends feed() behind this token, until resume(). To be called from on_token.
  void pause() noexcept { is_paused_ = is_diverted_ = true; }
  bool is_paused() const noexcept { return is_paused_; }
  /// `bytes` were read by somebody else meanwhile. Requires: no skip is pending.
  void resume(std::uint64_t bytes) noexcept {
    offset_ += bytes;
    is_paused_ = false;
  }

  /// Returns how many of the next bytes are to pass unread, and takes them as passed: who can jump
  /// over them need not feed them.
  std::uint64_t take_skip() noexcept { return is_stopping_ ? 0 : std::exchange(skip_, 0); }
  /// The same for no more than `available` bytes: of a skip over the end, something stays pending.
  std::uint64_t take_skip(std::uint64_t available) noexcept {
    const std::uint64_t passed = is_stopping_ ? 0 : std::min(skip_, available);
    skip_ -= passed;
    return passed;
  }

  /// Reads on over breaches of frames, as pickletools and the unpickler in Python do.
  void ignore_frames() noexcept { heeds_frames_ = false; }

  /// Says that no more bytes will come: a reader that did not stop has failed.
  void finish();

  State state() const noexcept { return state_; }
  const std::string& reason() const noexcept { return reason_; }
  std::uint64_t offset() const noexcept { return offset_; }
  std::uint64_t opcode_count() const noexcept { return opcode_count_; }

 private:
  // What an opcode is made of: header, argument, newline. No header: it is not all there.
  struct Extent {
    std::size_t header = 0;
    std::uint64_t argument = 0;
    std::size_t tail = 0;
  };
  // When an opcode concerns the frame: FRAME and STOP do wherever they stand.
  enum class Crosses : std::uint8_t { at_its_end, perhaps };
  static constexpr std::uint64_t no_frame = ~std::uint64_t{0};

  // Each returns how many bytes it used, 0 when it needs more than there are.
  std::size_t read_on(ByteView bytes);
  std::size_t plain_run(ByteView bytes);
  std::size_t step(ByteView bytes);
  std::size_t other_step(const Opcode& code, ByteView bytes);
  std::size_t buffered(ByteView bytes);
  std::size_t no_opcode(std::byte byte);
  Extent measure(const Opcode& code, ByteView bytes);
  Extent counted(const Opcode& code, ByteView bytes);
  Extent lines(const Opcode& code, ByteView bytes);
  std::size_t line_end(const Opcode& code, ByteView bytes, std::size_t from);
  // Each returns whether to go on.
  template <Crosses crosses>
  bool hand_over(const Token& token);
  bool divert(const Token& token);
  bool cross_frame(const Token& token);
  void open_frame(const Token& token);
  void stop(const Token& token);
  [[gnu::cold, gnu::noinline]] void fail(std::string reason, std::uint64_t offset);

  TokenSink& sink_;
  Limits limits_;
  std::uint64_t offset_;  // of the next opcode
  std::uint64_t frame_end_ = no_frame;
  std::uint64_t skip_ = 0;
  std::optional<std::uint64_t> behind_padding_;  // to skip once the length of the padding is read
  bool is_paused_ = false;
  bool is_diverted_ = false;  // the next opcode is not what comes next
  bool heeds_frames_ = true;
  bool is_stopping_ = false;  // STOP was read inside a frame whose rest has to come
  std::uint64_t opcode_count_ = 0;
  Bytes pending_;  // the front of an opcode whose end has not come yet
  State state_ = State::reading;
  std::string reason_;
};

}  // namespace brine::pickle
