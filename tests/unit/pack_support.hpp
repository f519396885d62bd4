// Packs in memory for the tests of the pack room.
#pragma once

#include <algorithm>
#include <cstring>
#include <random>

#include "brine/error.hpp"
#include "pack/pack.hpp"

namespace brine::test {

/// Every codec at a level that is quick to test with.
inline constexpr Codec quick_codecs[] = {{CodecId::none, 0},
                                         {CodecId::gzip, 1},
                                         {CodecId::bzip2, 1},
                                         {CodecId::xz, 0},
                                         {CodecId::zstd, 1}};

struct MemorySink : Sink {
  Bytes bytes;
  void write(ByteView more) override { bytes.insert(bytes.end(), more.begin(), more.end()); }
};

struct MemoryRandomSource : RandomSource {
  explicit MemoryRandomSource(Bytes content) : bytes(std::move(content)) {}
  std::uint64_t size() const override { return bytes.size(); }
  void read_at(std::uint64_t offset, ByteSpan buffer) const override {
    if (offset > bytes.size() || buffer.size() > bytes.size() - offset) {
      throw Error(Errc::internal, "read outside the source");
    }
    // Nothing may be asked for through a null pointer; memcpy takes none.
    if (!buffer.empty()) std::memcpy(buffer.data(), bytes.data() + offset, buffer.size());
  }
  Bytes bytes;
};

/// Runs of one byte and stretches of noise, alike in every run.
inline Bytes sample(std::size_t size, unsigned seed = 1) {
  std::mt19937 random(seed);
  Bytes bytes(size);
  for (std::size_t at = 0; at < size;) {
    const std::size_t stretch = std::min<std::size_t>(size - at, 1 + random() % 200);
    const bool noise = random() % 4 == 0;
    const std::uint64_t fill = random();
    for (std::size_t i = 0; i < stretch; ++i) bytes[at++] = std::byte(noise ? random() : fill);
  }
  return bytes;
}

struct Pack {
  std::vector<pack::Block> blocks;
  MemoryRandomSource source{{}};
};

/// Writes `payload` in pieces of `piece` bytes; with `cut_every`, ends a block after as many.
inline Pack make_pack(ByteView payload, const pack::WriterOptions& options,
                      std::size_t piece = 1 << 20, std::size_t cut_every = 0) {
  MemorySink sink;
  pack::Writer writer(sink, options);
  const std::size_t step = cut_every != 0 ? cut_every : piece;
  for (std::size_t at = 0; at < payload.size(); at += step) {
    writer.write(payload.subspan(at, std::min(step, payload.size() - at)));
    if (cut_every != 0) writer.cut();
  }
  Pack pack{writer.finish()};
  pack.source.bytes = std::move(sink.bytes);
  return pack;
}

/// Returns what pack::read gives.
inline Bytes read_back(const Pack& pack, const pack::ReaderOptions& options) {
  MemorySink sink;
  pack::read(pack.source, pack.blocks, options, sink);
  return std::move(sink.bytes);
}

}  // namespace brine::test
