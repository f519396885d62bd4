// The second reading of a conversion: each opcode in the form that it has in the new protocol.
#pragma once

#include <array>
#include <functional>
#include <map>
#include <span>

#include "pickle/frames.hpp"
#include "pickle/machine.hpp"
#include "pickle/memo.hpp"
#include "pickle/survey.hpp"

namespace brine::pickle {

/// What the first reading found out. Lifetime: borrows all of it.
struct RewritePlan {
  const RandomSource& payload;
  const Machine& machine;
  std::span<const Note> notes;
  std::uint64_t free_index = 0;  ///< of the memo
  int protocol = 0;              ///< to write
};

/// Takes the tokens of the pickle once more. Throws from on_token: unsupported where bytes are too
/// long for the protocol; environment where the payload has changed; what `out` and the payload
/// throw.
class Rewriter final : public TokenSink {
 public:
  Rewriter(const RewritePlan& plan, Sink& out, const Limits& limits);

  bool on_token(const Token& token) override;

  /// How often each symbol was pushed that the pickle did not push itself.
  const std::map<Symbol, std::uint64_t>& added() const noexcept { return added_; }

 private:
  // What older protocols call by name.
  enum class Helper : std::uint8_t {
    encode,
    bytes,
    bytearray,
    set,
    frozenset,
    newobj_ex,
    getattr,
    latin1,  // a text
    count,
  };
  // What is in the memo, no more: MEMOIZE goes by its size.
  using Indexes = Memo<std::uint8_t, 0>;

  void write(const Token& token);
  void obey_before(const Note& note, const Token& token);
  void obey_behind(const Note& note);
  [[noreturn]] void refuse(const Token& token, std::string_view what) const;
  void copy(const Token& token);
  void copy_argument(const Token& token, Sink& sink) const;
  void each_piece(const Token& token, const std::function<void(ByteView)>& body) const;

  void write_integer(const Token& token);
  void write_long(const Token& token);
  void write_text(const Token& token);
  void write_text(std::string_view text);
  void write_bytes(const Token& token);
  void write_bytes_as_text(const Token& token);
  void write_bytearray(const Token& token);
  void write_gathered(Op op, std::uint64_t count);
  const SymbolPush& next_symbol(const Token& token);
  void write_symbol(const Token& token);
  void write_global(const Symbol& symbol);
  void write_attributes(std::span<const std::string> names);
  void fetch(std::uint64_t index);
  void remember(std::uint64_t index);
  void remember_as_met(const Token& token);
  void push(Helper helper);
  void push_new(Helper helper);
  void call(std::size_t arguments);

  RewritePlan plan_;
  std::size_t next_note_ = 0;
  std::size_t next_push_ = 0;
  FrameWriter out_;
  Indexes memo_;  // of the pickle that is read
  std::array<std::uint64_t, static_cast<std::size_t>(Helper::count)> helpers_{};  // index + 1
  std::uint64_t next_helper_;
  std::map<Symbol, std::uint64_t> added_;
  std::string scratch_;
};

}  // namespace brine::pickle
