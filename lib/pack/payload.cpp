#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <mutex>
#include <optional>
#include <utility>

#include "base/arithmetic.hpp"
#include "brine/error.hpp"
#include "pack/block_decoder.hpp"
#include "pack/layout.hpp"

namespace brine::pack {
namespace {

class Payload final : public RandomSource {
 public:
  Payload(const RandomSource& pack, std::span<const Block> blocks, const ReaderOptions& options)
      : pack_(pack), blocks_(blocks), decoder_(options.codec.id, options.limits) {
    check_layout(blocks, pack.size(), options.codec.id);
    if (!blocks.empty() && blocks.front().offset != 0) {
      throw Error(Errc::corrupt, fmt::format("the first block begins at byte {} of the payload",
                                             blocks.front().offset));
    }
  }

  std::uint64_t size() const override {
    return blocks_.empty() ? 0 : blocks_.back().offset + blocks_.back().bytes;
  }

  void read_at(std::uint64_t offset, ByteSpan buffer) const override {
    const std::uint64_t end = base::checked_add(offset, buffer.size(), "end of a read");
    if (end > size()) {
      throw Error(Errc::corrupt,
                  fmt::format("bytes {} to {} are not in the payload of {}", offset, end, size()));
    }
    const std::lock_guard lock(mutex_);
    for (std::size_t i = index_of(offset); !buffer.empty(); ++i) {
      const ByteView rest = decoded(i).subspan(offset - blocks_[i].offset);
      const std::size_t taken = std::min(rest.size(), buffer.size());
      std::memcpy(buffer.data(), rest.data(), taken);
      buffer = buffer.subspan(taken);
      offset += taken;
    }
  }

 private:
  struct Decoded {
    std::optional<std::size_t> index;
    Buffer raw;
  };

  // The block that holds byte `offset`, or the last one for the end of the payload.
  std::size_t index_of(std::uint64_t offset) const {
    const auto after =
        std::upper_bound(blocks_.begin(), blocks_.end(), offset,
                         [](std::uint64_t at, const Block& block) { return at < block.offset; });
    return after == blocks_.begin() ? 0 : static_cast<std::size_t>(after - blocks_.begin()) - 1;
  }

  // Returns block `i`, now the first of the two that are kept; the second makes room.
  ByteView decoded(std::size_t i) const {
    if (cache_[0].index != i) std::swap(cache_[0], cache_[1]);
    Decoded& first = cache_[0];
    const ByteSpan raw = first.raw.hold(blocks_[i].bytes);
    if (first.index == i) return raw;
    first.index.reset();  // what a failed decoding leaves behind is no block
    decoder_.decode(pack_, i, blocks_[i], raw);
    first.index = i;
    return raw;
  }

  const RandomSource& pack_;
  const std::span<const Block> blocks_;
  mutable std::mutex mutex_;
  mutable BlockDecoder decoder_;          // guarded by mutex_
  mutable std::array<Decoded, 2> cache_;  // guarded by mutex_; used last comes first
};

}  // namespace

std::unique_ptr<RandomSource> open_payload(const RandomSource& pack, std::span<const Block> blocks,
                                           const ReaderOptions& options) {
  return std::make_unique<Payload>(pack, blocks, options);
}

}  // namespace brine::pack
