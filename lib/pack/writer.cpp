#include <cstring>
#include <optional>

#include "brine/error.hpp"
#include "pack/block_encoder.hpp"
#include "pack/pack.hpp"
#include "pack/pipeline.hpp"

namespace brine::pack {

struct Writer::Impl {
  Impl(Sink& target, const WriterOptions& options)
      : sink(target), pipeline(std::in_place, options.threads, options) {}

  /// Runs `body`; what it throws ends the writer and is thrown again by every later call.
  template <typename Body>
  void guarded(Body&& body) {
    if (failure) std::rethrow_exception(failure);
    try {
      body();
    } catch (...) {
      failure = std::current_exception();
      pipeline->stop();
      throw;
    }
  }

  /// Takes the front of `bytes` into the block under way and returns how many that are.
  std::size_t take(ByteView bytes) {
    if (pipeline->full()) append_oldest();
    const ByteSpan room = pipeline->open().raw.hold(max_block_bytes).subspan(filled);
    const std::size_t taken = std::min(room.size(), bytes.size());
    std::memcpy(room.data(), bytes.data(), taken);
    filled += taken;
    if (taken == room.size()) end_block();
    return taken;
  }

  void end_block() {
    if (filled == 0) return;
    pipeline->open().block = {.offset = offset, .bytes = filled};
    offset += filled;
    filled = 0;
    pipeline->submit();
    while (pipeline->ready()) append_oldest();
  }

  void append_oldest() {
    BlockEncoder::Slot& slot = pipeline->oldest();
    sink.write(slot.stored);
    slot.block.stored_offset = stored_offset;
    stored_offset += slot.block.stored_bytes;
    blocks.push_back(slot.block);
    pipeline->release();
  }

  Sink& sink;
  std::optional<Pipeline<BlockEncoder>> pipeline;
  std::size_t filled = 0;    // of the block under way
  std::uint64_t offset = 0;  // where it begins in the payload
  std::uint64_t stored_offset = 0;
  std::vector<Block> blocks;
  std::exception_ptr failure;
};

Writer::Writer(Sink& sink, const WriterOptions& options)
    : impl_(std::make_unique<Impl>(sink, options)) {}

Writer::~Writer() = default;

void Writer::write(ByteView bytes) {
  impl_->guarded([&] {
    while (!bytes.empty()) bytes = bytes.subspan(impl_->take(bytes));
  });
}

void Writer::cut() {
  impl_->guarded([&] { impl_->end_block(); });
}

std::vector<Block> Writer::finish() {
  impl_->guarded([&] {
    impl_->end_block();
    while (!impl_->pipeline->empty()) impl_->append_oldest();
  });
  impl_->pipeline.reset();
  impl_->failure = std::make_exception_ptr(Error(Errc::internal, "the pack is finished"));
  return std::move(impl_->blocks);
}

}  // namespace brine::pack
