#include "store/pickle_stream.hpp"

namespace brine::store {

PickleStream::PickleStream(pickle::Machine& machine, std::uint64_t base, std::uint64_t max_pickles,
                           const Limits& limits)
    : machine_(machine), limits_(limits), max_pickles_(max_pickles), offset_(base), end_(base) {}

void PickleStream::begin(std::uint64_t base) {
  using Place = pickle::Machine::Place;
  machine_.begin(pickles_ == 0 ? Place::alone : Place::behind_another);
  pushed_before_ = pushed_symbols();
  reader_.emplace(machine_, base, limits_);
  between_ = false;
}

std::uint64_t PickleStream::pushed_symbols() const {
  std::uint64_t count = machine_.extensions().size();
  for (const pickle::MetSymbol& met : machine_.symbols()) count += met.count;
  return count;
}

void PickleStream::skip_white_space(ByteView& bytes) {
  while (pickles_ > 0 && !bytes.empty() && is_white_space(bytes[0])) {
    bytes = bytes.subspan(1);
    ++offset_;
  }
}

void PickleStream::write(ByteView bytes) {
  while (!bytes.empty() && reason_.empty() && !trailing_) {
    if (between_) {
      skip_white_space(bytes);
      if (bytes.empty()) return;
      if (pickles_ == max_pickles_) {
        trailing_ = true;
        return;
      }
      begin(offset_);
      has_protocol_ = bytes[0] == protocol_opcode;
    }
    const std::size_t used = reader_->feed(bytes);
    offset_ += used;
    bytes = bytes.subspan(used);
    settle();
  }
}

std::uint64_t PickleStream::pass(std::uint64_t available) {
  if (!reason_.empty() || trailing_) return available;
  if (between_) return 0;
  const std::uint64_t passed = reader_->take_skip(available);
  offset_ += passed;
  return passed;
}

// Takes note of how the pickle under way ended, if it did.
void PickleStream::settle() {
  if (reader_->state() == pickle::TokenReader::State::reading) return;
  opcodes_ += reader_->opcode_count();
  if (reader_->state() == pickle::TokenReader::State::stopped) {
    ++pickles_;
    end_ = reader_->offset();
    between_ = true;
  } else {
    reason_ = reader_->reason();
    failed_at_ = reader_->offset();
    is_cut_short_ = is_at_end_ && has_protocol_;
    // Raw bytes behind a pickle may look like an opcode, but not like two and a protocol.
    is_no_chance_ = machine_.hides_name() || (has_protocol_ && reader_->opcode_count() > 1);
  }
}

void PickleStream::finish() {
  if (!reason_.empty() || trailing_) return;
  if (between_ && pickles_ > 0) return;
  if (between_) begin(offset_);
  is_at_end_ = true;
  reader_->finish();
  settle();
}

}  // namespace brine::store
