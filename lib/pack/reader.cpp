#include "pack/block_decoder.hpp"
#include "pack/layout.hpp"
#include "pack/pack.hpp"
#include "pack/pipeline.hpp"

namespace brine::pack {
namespace {

class ReadWorker {
 public:
  struct Slot {
    std::size_t index = 0;
    Block block;
    Buffer raw;
  };
  struct Settings {
    const RandomSource& pack;
    CodecId codec;
    Limits limits;
  };

  explicit ReadWorker(const Settings& settings)
      : pack_(settings.pack), decoder_(settings.codec, settings.limits) {}

  void run(Slot& slot) {
    decoder_.decode(pack_, slot.index, slot.block, slot.raw.hold(slot.block.bytes));
  }

 private:
  const RandomSource& pack_;
  BlockDecoder decoder_;
};

void deliver_oldest(Pipeline<ReadWorker>& pipeline, Sink& sink) {
  ReadWorker::Slot& slot = pipeline.oldest();
  sink.write(slot.raw.hold(slot.block.bytes));
  pipeline.release();
}

}  // namespace

void read(const RandomSource& pack, std::span<const Block> blocks, const ReaderOptions& options,
          Sink& sink) {
  check_layout(blocks, pack.size(), options.codec.id);
  Pipeline<ReadWorker> pipeline(options.threads, {pack, options.codec.id, options.limits});
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    if (pipeline.full()) deliver_oldest(pipeline, sink);
    ReadWorker::Slot& slot = pipeline.open();
    slot.index = i;
    slot.block = blocks[i];
    pipeline.submit();
  }
  while (!pipeline.empty()) deliver_oldest(pipeline, sink);
}

}  // namespace brine::pack
