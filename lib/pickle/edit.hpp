// Editing a pickle at opcode level: replacing the names of symbols and nothing else.
//
// GLOBAL and INST carry their names in themselves: the lines are replaced. STACK_GLOBAL takes two
// texts from the stack, which may come from anywhere. Where a text push serves as a name only, and
// every use of it wants the same new text, the push itself is replaced, its memo entry with it: the
// result is what a pickler would have written for the new name. Everywhere else (the text is data
// too, or two uses want different texts) the old texts are left alone, and right before the
// STACK_GLOBAL they are popped and fresh ones pushed. The memo keeps its numbers in every case.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "brine/bytes.hpp"
#include "pickle/machine.hpp"

namespace brine::pickle {

/// `removed` bytes at `offset` give way to `inserted`.
struct Edit {
  std::uint64_t offset = 0;
  std::uint64_t removed = 0;
  std::string inserted;
  friend bool operator==(const Edit&, const Edit&) = default;
};

/// Says what a symbol is to be called, or nothing where it stays.
using NewName = std::function<std::optional<Symbol>(const Symbol&)>;

/// Returns the edits that rename the symbols which `machine` met, lengths of frames included,
/// sorted by offset. Requires: the machine ran with Detail::pushes and saw the whole payload.
/// Throws: migration when a new name cannot be written: a dotted qualified name where the pickle's
/// protocol is under 4.
std::vector<Edit> rename(const Machine& machine, const NewName& new_name);

/// Applies edits to a payload that passes by. Lifetime: borrows both.
class EditingSink final : public Sink {
 public:
  /// Requires: `edits` is sorted and does not overlap.
  EditingSink(Sink& next, const std::vector<Edit>& edits) : next_(next), edits_(edits) {}
  void write(ByteView bytes) override;
  /// Ends the payload. Throws: internal when an edit lies behind it.
  void finish();

 private:
  void apply_edits_here();

  Sink& next_;
  const std::vector<Edit>& edits_;
  std::size_t next_edit_ = 0;
  std::uint64_t offset_ = 0;
  std::uint64_t dropping_ = 0;
};

/// Returns how many bytes a payload of `bytes` has after `edits`.
std::uint64_t edited_bytes(std::uint64_t bytes, const std::vector<Edit>& edits);

}  // namespace brine::pickle
