// A pack: the blocks of one snapshot, encoded one by one and laid back to back.
//
//   pack  = block*
//   block = zstd frame | gzip member | bzip2 stream | xz stream | raw bytes
//
// Nothing else is in the file, so the stock tool of the codec prints the payload. Where blocks
// begin is kept in the manifest.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "brine/bytes.hpp"
#include "brine/codec.hpp"
#include "brine/limits.hpp"
#include "digest/digest.hpp"

namespace brine::pack {

/// Largest block, in bytes of payload. 4 MiB: the workers of a 16-core machine hold 128 MiB, and a
/// zstd -3 block loses under 0.5 % against one long stream.
inline constexpr std::uint64_t max_block_bytes = 4ULL << 20;

struct Block {
  std::uint64_t offset = 0;  ///< in the payload
  std::uint64_t bytes = 0;
  std::uint64_t stored_offset = 0;  ///< in the pack
  std::uint64_t stored_bytes = 0;
  digest::Xxh128 raw_digest;
  digest::Xxh128 stored_digest;
};

struct WriterOptions {
  Codec codec;
  unsigned threads = 1;
  /// Whether every block is decoded again and compared, by the worker that encoded it.
  bool verify = true;
  Limits limits = {};
};

/// Encodes blocks on several threads and appends them to a sink in order, from the calling thread.
/// Memory: at most (2 x threads + 2) blocks, raw and encoded, one more for each thread that
/// verifies, and an encoder for each thread. A payload of one block starts no thread.
/// Not thread-safe. An error of a worker, or of the sink, is thrown when its block's turn comes, at
/// the latest by finish(), and again by every later call; a block that fails is not written.
class Writer {
 public:
  /// Lifetime: borrows `sink`.
  Writer(Sink& sink, const WriterOptions& options);
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;
  /// Stops the workers; blocks under way are dropped.
  ~Writer();

  /// Takes the next bytes of the payload.
  void write(ByteView bytes);
  /// Ends the block under way here, so that the next byte begins one.
  void cut();
  /// Waits for every block, and returns them in order: none for no bytes. The last call.
  std::vector<Block> finish();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

struct ReaderOptions {
  Codec codec;
  unsigned threads = 1;
  Limits limits = {};
};

/// Decodes `blocks` of `pack`, in order, on several threads, and gives their payload to `sink` from
/// the calling thread. Each block: stored digest, then decoding into exactly its length, then raw
/// digest. Memory: as Writer.
/// Throws: corrupt, naming the block, its place in the pack and what did not match; what the pack
/// and the sink throw.
void read(const RandomSource& pack, std::span<const Block> blocks, const ReaderOptions& options,
          Sink& sink);

/// The payload of a pack as bytes that can be read anywhere: decodes the blocks that a read
/// touches, keeps the last two. Lifetime: borrows all but `options`. Thread-safety: any thread.
std::unique_ptr<RandomSource> open_payload(const RandomSource& pack, std::span<const Block> blocks,
                                           const ReaderOptions& options);

}  // namespace brine::pack
