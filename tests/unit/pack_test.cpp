#include <atomic>
#include <chrono>
#include <thread>

#include "codec/codec.hpp"
#include "pack/pipeline.hpp"
#include "pack_support.hpp"
#include "support/expect.hpp"

using namespace brine;
using namespace brine::pack;
using namespace brine::test;

namespace {

/// Checks that `blocks` cover `payload` and `pack` without a gap, in order.
void require_contiguous(const std::vector<Block>& blocks, std::size_t payload, std::size_t pack) {
  std::uint64_t offset = 0;
  std::uint64_t stored_offset = 0;
  for (const Block& block : blocks) {
    BOOST_TEST_REQUIRE(block.offset == offset);
    BOOST_TEST_REQUIRE(block.stored_offset == stored_offset);
    BOOST_TEST_REQUIRE(block.bytes <= max_block_bytes);
    offset += block.bytes;
    stored_offset += block.stored_bytes;
  }
  BOOST_TEST(offset == payload);
  BOOST_TEST(stored_offset == pack);
}

/// Decodes `pack` as the codec's stock tool would.
Bytes decode_as_one_stream(const Bytes& pack, CodecId codec) {
  struct : Source {
    ByteView rest;
    std::size_t read(ByteSpan buffer) override {
      const std::size_t taken = std::min(buffer.size(), rest.size());
      std::memcpy(buffer.data(), rest.data(), taken);
      rest = rest.subspan(taken);
      return taken;
    }
  } encoded;
  encoded.rest = pack;
  const auto decoding = codec::make_decoding_source(codec, encoded, Limits{});
  Bytes all;
  Bytes piece(1 << 20);
  while (const std::size_t taken = decoding->read(piece)) {
    all.insert(all.end(), piece.begin(), piece.begin() + static_cast<std::ptrdiff_t>(taken));
  }
  return all;
}

/// Throws from its n-th write on.
struct FailingSink : Sink {
  explicit FailingSink(int writes) : left(writes) {}
  void write(ByteView) override {
    if (--left < 0) throw Error(Errc::no_space, "disk full");
  }
  int left;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(round_trip)

constexpr std::size_t sizes[] = {1, max_block_bytes - 1, max_block_bytes, max_block_bytes + 1,
                                 max_block_bytes * 7 / 2};

BOOST_AUTO_TEST_CASE(every_codec_gives_back_payloads_around_the_block_size) {
  for (const std::size_t size : sizes) {
    const Bytes payload = sample(size);
    for (const Codec& codec : quick_codecs) {
      BOOST_TEST_CONTEXT(to_string(codec) << ", " << size << " bytes") {
        const Pack pack = make_pack(payload, {.codec = codec, .threads = 2});
        BOOST_TEST(pack.blocks.size() == (size + max_block_bytes - 1) / max_block_bytes);
        require_contiguous(pack.blocks, size, pack.source.bytes.size());
        BOOST_TEST((read_back(pack, {.codec = codec, .threads = 2}) == payload));
        if (codec.id == CodecId::none) continue;
        BOOST_TEST((decode_as_one_stream(pack.source.bytes, codec.id) == payload));
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(the_number_of_threads_changes_no_byte) {
  const Bytes payload = sample(1'000'000);
  for (const Codec& codec : quick_codecs) {
    const Pack alone = make_pack(payload, {.codec = codec, .threads = 1}, 70'001, 70'001);
    for (const unsigned threads : {1U, 2U, 4U, 40U}) {
      const Pack pack = make_pack(payload, {.codec = codec, .threads = threads}, 70'001, 70'001);
      BOOST_TEST((pack.source.bytes == alone.source.bytes));
      BOOST_TEST((read_back(pack, {.codec = codec, .threads = threads}) == payload));
    }
  }
}

BOOST_AUTO_TEST_CASE(pieces_of_any_size_give_the_same_blocks) {
  const Bytes payload = sample(max_block_bytes + 100'000);
  const WriterOptions options{.codec = {CodecId::zstd, 1}, .threads = 2};
  const Pack whole = make_pack(payload, options, payload.size());
  for (const std::size_t piece : {997, 65536, 3'000'000}) {
    BOOST_TEST((make_pack(payload, options, piece).source.bytes == whole.source.bytes));
  }
}

BOOST_AUTO_TEST_CASE(an_unverified_pack_is_the_same_pack) {
  const Bytes payload = sample(500'000);
  for (const Codec& codec : quick_codecs) {
    const Pack checked = make_pack(payload, {.codec = codec});
    const Pack unchecked = make_pack(payload, {.codec = codec, .verify = false});
    BOOST_TEST((checked.source.bytes == unchecked.source.bytes));
  }
}

BOOST_AUTO_TEST_CASE(nothing_gives_no_block) {
  const Pack pack = make_pack({}, {.codec = {CodecId::zstd, 3}, .threads = 2});
  BOOST_TEST(pack.blocks.empty());
  BOOST_TEST(pack.source.bytes.empty());
  BOOST_TEST(read_back(pack, {.codec = {CodecId::zstd, 3}}).empty());
}

BOOST_AUTO_TEST_CASE(a_cut_ends_a_block_and_a_second_one_there_does_nothing) {
  const Bytes payload = sample(max_block_bytes + 10);
  MemorySink sink;
  Writer writer(sink, {.codec = {CodecId::none, 0}, .threads = 2});
  writer.cut();
  writer.write(ByteView(payload).first(5));
  writer.cut();
  writer.cut();
  writer.write(ByteView(payload).subspan(5, max_block_bytes));
  writer.cut();  // a full block has ended already
  writer.write(ByteView(payload).subspan(5 + max_block_bytes));
  const std::vector<Block> blocks = writer.finish();
  BOOST_TEST_REQUIRE(blocks.size() == 3u);
  BOOST_TEST(blocks[0].bytes == 5u);
  BOOST_TEST(blocks[1].bytes == max_block_bytes);
  BOOST_TEST(blocks[2].bytes == 5u);
  BOOST_TEST((sink.bytes == payload));
}

BOOST_AUTO_TEST_CASE(part_of_the_blocks_gives_part_of_the_payload) {
  const Bytes payload = sample(10'000);
  const Codec codec{CodecId::zstd, 3};
  Pack pack = make_pack(payload, {.codec = codec}, 1000, 1000);
  pack.blocks.erase(pack.blocks.begin(), pack.blocks.begin() + 3);
  pack.blocks.resize(4);
  const Bytes expected(payload.begin() + 3000, payload.begin() + 7000);
  BOOST_TEST((read_back(pack, {.codec = codec, .threads = 2}) == expected));
}

BOOST_AUTO_TEST_SUITE_END()
BOOST_AUTO_TEST_SUITE(ends)

BOOST_AUTO_TEST_CASE(a_sink_that_fails_ends_the_writer_for_good) {
  const Bytes payload = sample(100'000);
  for (const int writes : {0, 1, 5, 40}) {
    FailingSink sink(writes);
    Writer writer(sink, {.codec = {CodecId::zstd, 1}, .threads = 2});
    const auto feed = [&] {
      for (std::size_t i = 0; i < 100; ++i) {
        writer.write(ByteView(payload).subspan(i * 1000, 1000));
        writer.cut();
      }
      writer.finish();
    };
    expect_error(Errc::no_space, "disk full", feed);
    expect_error(Errc::no_space, "disk full", [&] { writer.write(payload); });
    expect_error(Errc::no_space, "disk full", [&] { writer.cut(); });
    expect_error(Errc::no_space, "disk full", [&] { writer.finish(); });
  }
}

BOOST_AUTO_TEST_CASE(a_writer_that_is_dropped_leaves_no_thread_behind) {
  const Bytes payload = sample(100'000);
  MemorySink sink;
  Writer writer(sink, {.codec = {CodecId::xz, 6}, .threads = 4});
  for (std::size_t i = 0; i < 8; ++i) {
    writer.write(payload);
    writer.cut();
  }
}

BOOST_AUTO_TEST_CASE(a_finished_writer_takes_nothing) {
  MemorySink sink;
  Writer writer(sink, {.codec = {CodecId::none, 0}});
  writer.write(bytes_of("abc"));
  BOOST_TEST(writer.finish().size() == 1u);
  expect_error(Errc::internal, "finished", [&] { writer.write(bytes_of("d")); });
  expect_error(Errc::internal, "finished", [&] { writer.finish(); });
}

BOOST_AUTO_TEST_CASE(a_sink_that_fails_ends_a_read) {
  const Codec codec{CodecId::zstd, 1};
  const Pack pack = make_pack(sample(50'000), {.codec = codec}, 1000, 1000);
  for (const int writes : {0, 7, 49}) {
    FailingSink sink(writes);
    expect_error(Errc::no_space, "disk full",
                 [&] { read(pack.source, pack.blocks, {.codec = codec, .threads = 3}, sink); });
  }
}

BOOST_AUTO_TEST_SUITE_END()
BOOST_AUTO_TEST_SUITE(bounds)

BOOST_AUTO_TEST_CASE(a_writer_holds_no_more_than_its_slots) {
  struct : Sink {
    std::uint64_t given = 0;
    std::uint64_t written = 0;
    std::uint64_t most = 0;
    void write(ByteView bytes) override {
      std::this_thread::sleep_for(std::chrono::milliseconds(2));  // the workers are ahead
      most = std::max(most, given - written);
      written += bytes.size();
    }
  } sink;
  const Bytes payload = sample(max_block_bytes / 4);
  Writer writer(sink, {.codec = {CodecId::none, 0}, .threads = 2});
  for (int i = 0; i < 80; ++i) {
    writer.write(payload);
    sink.given += payload.size();
    BOOST_TEST(sink.given - sink.written <= slots_for(2) * max_block_bytes);
  }
  BOOST_TEST(writer.finish().size() == 20u);
  BOOST_TEST(sink.most <= slots_for(2) * max_block_bytes);
}

BOOST_AUTO_TEST_CASE(a_reader_is_ahead_of_its_sink_by_no_more_than_its_slots) {
  struct Counting : MemoryRandomSource {
    using MemoryRandomSource::MemoryRandomSource;
    mutable std::atomic<std::uint64_t> taken = 0;
    void read_at(std::uint64_t offset, ByteSpan buffer) const override {
      MemoryRandomSource::read_at(offset, buffer);
      taken += buffer.size();
    }
  };
  const Pack pack = make_pack(sample(100'000), {.codec = {CodecId::none, 0}}, 1000, 1000);
  const Counting source(pack.source.bytes);
  struct : Sink {
    const Counting* source = nullptr;
    std::uint64_t written = 0;
    void write(ByteView bytes) override {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
      BOOST_TEST(source->taken - written <= slots_for(3) * 1000);
      written += bytes.size();
    }
  } sink;
  sink.source = &source;
  read(source, pack.blocks, {.codec = {CodecId::none, 0}, .threads = 3}, sink);
  BOOST_TEST(sink.written == 100'000u);
}

BOOST_AUTO_TEST_SUITE_END()
BOOST_AUTO_TEST_SUITE(payload)

BOOST_AUTO_TEST_CASE(random_reads_agree_with_the_payload) {
  const Bytes payload = sample(100'000);
  std::mt19937 random(7);
  for (const Codec& codec : quick_codecs) {
    const Pack pack = make_pack(payload, {.codec = codec}, 3001, 3001);
    const auto opened = open_payload(pack.source, pack.blocks, {.codec = codec});
    BOOST_TEST(opened->size() == payload.size());
    for (int i = 0; i < 300; ++i) {
      const std::size_t offset = random() % (payload.size() + 1);
      Bytes piece(std::min<std::size_t>(random() % 10'000, payload.size() - offset));
      opened->read_at(offset, piece);
      BOOST_TEST((std::equal(piece.begin(), piece.end(),
                             payload.begin() + static_cast<std::ptrdiff_t>(offset))));
    }
  }
}

BOOST_AUTO_TEST_CASE(the_last_two_blocks_are_kept) {
  struct Counting : MemoryRandomSource {
    using MemoryRandomSource::MemoryRandomSource;
    mutable int reads = 0;
    void read_at(std::uint64_t offset, ByteSpan buffer) const override {
      ++reads;
      MemoryRandomSource::read_at(offset, buffer);
    }
  };
  const Codec codec{CodecId::zstd, 1};
  const Pack pack = make_pack(sample(3000), {.codec = codec}, 1000, 1000);
  const Counting source(pack.source.bytes);
  const auto opened = open_payload(source, pack.blocks, {.codec = codec});
  const struct {
    std::uint64_t offset;
    int reads;
  } steps[] = {{0, 1}, {1000, 2}, {999, 2}, {1999, 2}, {2000, 3}, {1500, 3}, {0, 4}, {2999, 5}};
  for (const auto& step : steps) {
    Bytes one(1);
    opened->read_at(step.offset, one);
    BOOST_TEST(source.reads == step.reads, "at " << step.offset);
  }
}

BOOST_AUTO_TEST_CASE(any_thread_may_read) {
  const Bytes payload = sample(40'000);
  const Codec codec{CodecId::zstd, 1};
  const Pack pack = make_pack(payload, {.codec = codec}, 1000, 1000);
  const auto opened = open_payload(pack.source, pack.blocks, {.codec = codec});
  std::atomic<int> wrong = 0;
  const auto read_all = [&](std::size_t step) {
    for (std::size_t at = 0; at + step <= payload.size(); at += step) {
      Bytes piece(step);
      opened->read_at(at, piece);
      if (std::memcmp(piece.data(), payload.data() + at, step) != 0) ++wrong;
    }
  };
  {
    std::vector<std::jthread> readers;
    for (const std::size_t step : {700, 1000, 2500}) readers.emplace_back(read_all, step);
  }
  BOOST_TEST(wrong == 0);
}

BOOST_AUTO_TEST_CASE(reads_outside_the_payload_are_corrupt) {
  const Codec codec{CodecId::none, 0};
  const Pack pack = make_pack(sample(100), {.codec = codec});
  const auto opened = open_payload(pack.source, pack.blocks, {.codec = codec});
  Bytes two(2);
  for (const std::uint64_t offset : {99ULL, 100ULL, 1ULL << 40, ~0ULL}) {
    expect_error(Errc::corrupt, "", [&] { opened->read_at(offset, two); });
  }
  opened->read_at(100, {});
}

BOOST_AUTO_TEST_SUITE_END()
