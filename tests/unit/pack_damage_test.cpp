#include <limits>

#include "pack/block_encoder.hpp"
#include "pack/layout.hpp"
#include "pack_support.hpp"
#include "support/expect.hpp"

using namespace brine;
using namespace brine::pack;
using namespace brine::test;

namespace {

constexpr Codec zstd{CodecId::zstd, 3};

/// Three blocks of 400 bytes.
Pack small_pack(const Codec& codec) { return make_pack(sample(1200), {.codec = codec}, 400, 400); }

void expect_corrupt(const Pack& pack, const Codec& codec, std::string_view words) {
  expect_error(Errc::corrupt, words, [&] { read_back(pack, {.codec = codec, .threads = 2}); });
}

Bytes open_and_read(const Pack& pack, const Codec& codec) {
  const auto opened = open_payload(pack.source, pack.blocks, {.codec = codec});
  Bytes bytes(opened->size());
  opened->read_at(0, bytes);
  return bytes;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(damage)

BOOST_AUTO_TEST_CASE(every_flipped_byte_is_corrupt) {
  for (const Codec& codec : quick_codecs) {
    Pack pack = small_pack(codec);
    for (std::byte& byte : pack.source.bytes) {
      byte ^= std::byte{1};
      expect_corrupt(pack, codec, "stored digest differs");
      expect_error(Errc::corrupt, "stored digest differs", [&] { open_and_read(pack, codec); });
      byte ^= std::byte{1};
    }
  }
}

BOOST_AUTO_TEST_CASE(a_flipped_byte_under_a_forged_stored_digest_changes_no_payload) {
  const Bytes payload = sample(400);
  for (const Codec& codec : quick_codecs) {
    Pack pack = make_pack(payload, {.codec = codec});
    for (std::byte& byte : pack.source.bytes) {
      byte ^= std::byte{0x10};
      pack.blocks[0].stored_digest = digest::xxh128(pack.source.bytes);
      try {  // a few bytes, such as the time in a gzip header, say nothing about the payload
        BOOST_TEST((read_back(pack, {.codec = codec}) == payload));
      } catch (const Error& error) {
        const bool expected = error.code() == Errc::corrupt || error.code() == Errc::limit;
        BOOST_TEST(expected, error.what());
      }
      byte ^= std::byte{0x10};
    }
  }
}

BOOST_AUTO_TEST_CASE(every_truncation_is_corrupt) {
  for (const Codec& codec : quick_codecs) {
    Pack pack = small_pack(codec);
    while (!pack.source.bytes.empty()) {
      pack.source.bytes.pop_back();
      expect_corrupt(pack, codec, "of the pack: it ends at byte");
      expect_error(Errc::corrupt, "of the pack: it ends at byte",
                   [&] { open_and_read(pack, codec); });
    }
  }
}

BOOST_AUTO_TEST_CASE(the_message_names_block_place_and_digests) {
  Pack pack = small_pack({CodecId::none, 0});
  pack.source.bytes[900] ^= std::byte{1};
  expect_corrupt(pack, {CodecId::none, 0},
                 "block 2 at byte 800 of the pack: stored digest differs: expected " +
                     pack.blocks[2].stored_digest.hex() + ", found ");
}

BOOST_AUTO_TEST_CASE(a_wrong_raw_digest_is_corrupt) {
  for (const Codec& codec : quick_codecs) {
    Pack pack = small_pack(codec);
    pack.blocks[1].raw_digest.bytes[7] ^= std::byte{1};
    expect_corrupt(pack, codec, "raw digest differs");
    expect_error(Errc::corrupt, "raw digest differs", [&] { open_and_read(pack, codec); });
  }
}

BOOST_AUTO_TEST_CASE(what_is_read_before_the_damage_is_right) {
  Pack pack = small_pack(zstd);
  pack.source.bytes.back() ^= std::byte{1};
  MemorySink sink;
  expect_error(Errc::corrupt, "block 2 ",
               [&] { read(pack.source, pack.blocks, {.codec = zstd, .threads = 2}, sink); });
  const Bytes payload = sample(1200);
  BOOST_TEST((sink.bytes == Bytes(payload.begin(), payload.begin() + 800)));
}

BOOST_AUTO_TEST_CASE(a_damaged_block_does_not_spoil_its_neighbours) {
  Pack pack = small_pack(zstd);
  pack.source.bytes[pack.blocks[1].stored_offset + 9] ^= std::byte{1};
  const auto opened = open_payload(pack.source, pack.blocks, {.codec = zstd});
  const Bytes payload = sample(1200);
  for (int round = 0; round < 2; ++round) {
    Bytes piece(400);
    opened->read_at(800, piece);
    BOOST_TEST((piece == Bytes(payload.begin() + 800, payload.end())));
    expect_error(Errc::corrupt, "block 1 ", [&] { opened->read_at(400, piece); });
    opened->read_at(0, piece);
    BOOST_TEST((piece == Bytes(payload.begin(), payload.begin() + 400)));
  }
}

BOOST_AUTO_TEST_SUITE_END()
BOOST_AUTO_TEST_SUITE(numbers)

constexpr auto most = std::numeric_limits<std::uint64_t>::max();

const struct {
  const char* name;
  std::uint64_t Block::*field;
  std::uint64_t value;
  const char* words;
} absurd[] = {
    {"no bytes", &Block::bytes, 0, "holds 1 to 4194304 bytes, not 0"},
    {"a byte too many", &Block::bytes, max_block_bytes + 1, "not 4194305"},
    {"all bytes", &Block::bytes, most, "holds 1 to 4194304 bytes"},
    {"a shorter block", &Block::bytes, 399, "it begins at byte 800 of the payload, expected 799"},
    {"a longer block", &Block::bytes, 401, "it begins at byte 800 of the payload, expected 801"},
    {"a gap", &Block::offset, 401, "it begins at byte 401 of the payload, expected 400"},
    {"an overlap", &Block::offset, 0, "it begins at byte 0 of the payload, expected 400"},
    {"a wrap", &Block::offset, most - 399, "expected 400"},
    {"stored as much as there is", &Block::stored_bytes, most, "are stored in at most"},
    {"stored bomb", &Block::stored_bytes, stored_bound(400) + 1, "are stored in at most 4521"},
    {"nothing stored", &Block::stored_bytes, 0, "digest differs"},
    {"stored behind the end", &Block::stored_offset, 1ULL << 40, "it ends at byte"},
    {"stored around the end", &Block::stored_offset, most, "its end overflows"},
    {"stored elsewhere", &Block::stored_offset, 0, "stored digest differs"},
};

BOOST_AUTO_TEST_CASE(absurd_numbers_are_corrupt_and_name_the_block) {
  for (const auto& row : absurd) {
    BOOST_TEST_CONTEXT(row.name) {
      Pack pack = small_pack(zstd);
      pack.blocks[1].*row.field = row.value;
      expect_corrupt(pack, zstd, row.words);
      expect_corrupt(pack, zstd, "block ");
      expect_error(Errc::corrupt, row.words, [&] { open_and_read(pack, zstd); });
    }
  }
}

BOOST_AUTO_TEST_CASE(numbers_are_checked_before_anything_is_read) {
  struct Untouchable : RandomSource {
    std::uint64_t size() const override { return 1000; }
    void read_at(std::uint64_t, ByteSpan) const override { BOOST_ERROR("was read"); }
  };
  Pack pack = small_pack(zstd);
  pack.blocks[2].stored_offset = 1000;
  MemorySink sink;
  expect_error(Errc::corrupt, "block 2 at byte 1000",
               [&] { read(Untouchable(), pack.blocks, {.codec = zstd, .threads = 2}, sink); });
  BOOST_TEST(sink.bytes.empty());
}

BOOST_AUTO_TEST_CASE(swapped_blocks_are_corrupt) {
  Pack pack = small_pack(zstd);
  std::swap(pack.blocks[0], pack.blocks[1]);
  expect_corrupt(pack, zstd, "block 1 at byte 0 of the pack: it begins at byte 0");
  std::swap(pack.blocks[0].offset, pack.blocks[1].offset);  // the order is right, the bytes are not
  std::swap(pack.blocks[0].raw_digest, pack.blocks[1].raw_digest);
  expect_corrupt(pack, zstd, "block 0 ");
}

BOOST_AUTO_TEST_CASE(bytes_stored_as_they_are_keep_their_length) {
  Pack pack = small_pack({CodecId::none, 0});
  pack.blocks[1].stored_bytes = 399;
  expect_corrupt(pack, {CodecId::none, 0}, "400 bytes are stored as they are, in 399");
}

BOOST_AUTO_TEST_CASE(a_payload_begins_at_its_beginning) {
  Pack pack = small_pack(zstd);
  pack.blocks.erase(pack.blocks.begin());
  BOOST_TEST(read_back(pack, {.codec = zstd}).size() == 800u);
  expect_error(Errc::corrupt, "the first block begins at byte 400",
               [&] { open_and_read(pack, zstd); });
}

BOOST_AUTO_TEST_CASE(a_pack_of_another_codec_is_corrupt) {
  const Pack pack = small_pack(zstd);
  for (const Codec& codec : quick_codecs) {
    if (codec.id != CodecId::zstd) expect_corrupt(pack, codec, "block 0 at byte 0 of the pack: ");
  }
}

BOOST_AUTO_TEST_CASE(what_does_not_compress_stays_under_the_bound_that_readers_hold_to) {
  std::mt19937_64 random(3);
  for (const std::size_t size : {std::size_t{1}, std::size_t{300}, std::size_t{1} << 20}) {
    Bytes noise(size);
    for (std::byte& byte : noise) byte = std::byte(random());
    for (const CodecInfo& row : codecs()) {
      for (const int level : {row.min_level, row.max_level}) {
        if (level < 0) continue;
        const Codec codec{row.id, row.id == CodecId::xz ? std::min(level, 3) : level};
        const Pack pack = make_pack(noise, {.codec = codec});
        BOOST_TEST(pack.blocks[0].stored_bytes <= stored_bound(size), to_string(codec));
      }
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
BOOST_AUTO_TEST_SUITE(verification)

/// Encodes as the real codec does, but for what `spoil` does to the bytes.
struct SpoilingEncoder : codec::Encoder {
  using Spoil = void (*)(Bytes& raw, Bytes& stored);
  SpoilingEncoder(const Codec& codec, Spoil how)
      : encoder(codec::make_encoder(codec, max_block_bytes)), spoil(how) {}
  void encode(ByteView raw, Bytes& out) override {
    Bytes copy(raw.begin(), raw.end());
    encoder->encode(copy, out);
    spoil(copy, out);
    if (out.empty()) encoder->encode(copy, out);
  }
  std::unique_ptr<codec::Encoder> encoder;
  Spoil spoil;
};

void expect_not_given_back(SpoilingEncoder::Spoil spoil) {
  for (const Codec& codec : quick_codecs) {
    const Bytes raw = sample(1000);
    BlockEncoder::Slot slot{.block = {.offset = 4096, .bytes = raw.size()}};
    std::memcpy(slot.raw.hold(raw.size()).data(), raw.data(), raw.size());
    BlockEncoder encoder(std::make_unique<SpoilingEncoder>(codec, spoil),
                         codec::make_decoder(codec.id, {}));
    expect_error(Errc::internal,
                 "the codec did not give back what it was given: block at byte 4096 of the payload",
                 [&] { encoder.run(slot); });
  }
}

BOOST_AUTO_TEST_CASE(a_codec_that_changes_a_byte_is_found_out) {
  expect_not_given_back([](Bytes& raw, Bytes& stored) {
    raw[500] ^= std::byte{1};
    stored.clear();
  });
}

BOOST_AUTO_TEST_CASE(a_codec_that_loses_bytes_is_found_out) {
  expect_not_given_back([](Bytes&, Bytes& stored) { stored.pop_back(); });
  expect_not_given_back([](Bytes& raw, Bytes& stored) {
    raw.pop_back();
    stored.clear();
  });
}

BOOST_AUTO_TEST_CASE(a_codec_that_makes_more_of_it_is_found_out) {
  expect_not_given_back([](Bytes&, Bytes& stored) { stored.resize(stored_bound(1000) + 1); });
}

BOOST_AUTO_TEST_SUITE_END()
