// Writes a pickle again in another protocol, opcode by opcode: nothing is executed or built, the
// memo keeps its numbers, so that what is shared or holds itself stays so, and large buffers go
// from where they are to where they belong.
// Source: Modules/_pickle.c (3.11) for the forms that each protocol has; facts only.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <vector>

#include "pickle/machine.hpp"
#include "pickle/survey.hpp"

namespace brine::pickle {

/// One pickle, read once and ready to be written.
class Transcoder {
 public:
  /// Reads the pickle at `offset` of `payload`; `protocol`: 2 to 5, to be written in.
  /// Throws: unsupported where the protocol has no form for something; corrupt where there is no
  /// whole pickle, or one whose names are computed; limit; what `payload` throws.
  /// Lifetime: borrows `payload`.
  Transcoder(const RandomSource& payload, std::uint64_t offset, int protocol, const Limits& limits);

  /// Where the pickle ends in the payload.
  std::uint64_t end() const noexcept { return end_; }
  std::uint64_t opcodes() const noexcept { return opcodes_; }
  /// Of the highest PROTO; 0 where there is none.
  int protocol() const noexcept { return machine_.highest_protocol(); }
  /// Symbols as the pickle spells them.
  const std::vector<MetSymbol>& symbols() const noexcept { return machine_.symbols(); }

  /// Writes the pickle; one that is in the protocol already, byte for byte.
  /// Throws: unsupported where bytes are too long for the protocol; what `out` throws.
  void write(Sink& out);

  /// Reads what write() wrote, at `offset` of `written`, and returns where it ends.
  /// Throws: internal where it is no whole pickle, or has other symbols than it should.
  std::uint64_t check(const RandomSource& written, std::uint64_t offset) const;

 private:
  using Counts = std::map<Symbol, std::uint64_t>;

  void check_names() const;
  void copy(Sink& out) const;
  /// Symbols by what they stand for, those of older forms included.
  Counts expected() const;

  const RandomSource& payload_;
  std::uint64_t offset_;
  int protocol_;
  Limits limits_;
  Machine machine_;
  std::uint64_t end_ = 0;
  std::uint64_t opcodes_ = 0;
  bool is_in_protocol_ = false;
  std::uint64_t free_index_ = 0;
  std::vector<Note> notes_;
  Counts added_;
};

}  // namespace brine::pickle
