#include "codec/codec.hpp"

#include <malloc.h>

#include <algorithm>
#include <fstream>
#include <random>

#include "support/expect.hpp"
#include "support/temporary.hpp"

using namespace brine;
using brine::test::expect_error;

namespace {

// Half text that repeats, half noise: every codec finds something and has something to store.
Bytes sample(std::size_t size) {
  std::mt19937 noise(7);
  Bytes bytes(size);
  for (std::size_t i = 0; i < size; ++i) {
    bytes[i] = static_cast<std::byte>(i / 512 % 2 == 0 ? "checkpoint"[i % 10] : noise());
  }
  return bytes;
}

Bytes encode(const Codec& codec, ByteView raw) {
  Bytes stored;
  codec::make_encoder(codec, raw.size())->encode(raw, stored);
  return stored;
}

Bytes decode(CodecId codec, ByteView stored, std::size_t size) {
  Bytes raw(size);
  codec::make_decoder(codec, {})->decode(stored, raw);
  return raw;
}

Codec default_of(const CodecInfo& row) { return {row.id, row.default_level}; }

std::string output_of(const std::string& command) {
  std::string output;
  FILE* pipe = popen(command.c_str(), "r");
  BOOST_REQUIRE(pipe != nullptr);
  char piece[4096];
  while (const std::size_t got = fread(piece, 1, sizeof piece, pipe)) output.append(piece, got);
  BOOST_TEST(pclose(pipe) == 0, command);
  return output;
}

bool is_installed(std::string_view tool) {
  const std::string program(tool.substr(0, tool.find(' ')));
  return std::system(("command -v " + program + " >/dev/null").c_str()) == 0;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(names)

BOOST_AUTO_TEST_CASE(every_codec_and_level_is_read_as_it_is_written) {
  BOOST_TEST(codecs().size() == 5u);
  for (const CodecInfo& row : codecs()) {
    BOOST_TEST(info(row.id).name == row.name);
    BOOST_TEST((parse_codec(row.name) == default_of(row)));
    for (int level = row.min_level; level <= row.max_level; ++level) {
      if (row.id == CodecId::zstd && level == 0) continue;
      const Codec codec{row.id, level};
      BOOST_TEST((parse_codec(to_string(codec)) == codec), to_string(codec));
    }
  }
  BOOST_TEST(to_string({CodecId::none, 0}) == "none");
  BOOST_TEST(to_string({CodecId::zstd, -3}) == "zstd:-3");
}

BOOST_AUTO_TEST_CASE(level_0_of_zstd_is_its_default) {
  BOOST_TEST((parse_codec("zstd:0") == Codec{CodecId::zstd, 3}));
}

BOOST_AUTO_TEST_CASE(a_wrong_codec_or_level_is_a_usage_error_that_says_what_would_do) {
  const struct {
    std::string_view text, words, hint;
  } rows[] = {
      {"zsdt", "unknown codec 'zsdt': did you mean zstd?", "none, gzip, bzip2, xz, zstd"},
      {"brotli", "unknown codec 'brotli'", "NAME:LEVEL"},
      {"", "unknown codec ''", "NAME:LEVEL"},
      {"ZSTD", "unknown codec 'ZSTD'", "NAME:LEVEL"},
      {"\x1b[1m", "unknown codec '\\x1b[1m'", "NAME:LEVEL"},
      {"zstd:99", "level 99 of zstd is out of range: -7 to 22", "zstd:3"},
      {"zstd:-8", "level -8 of zstd is out of range: -7 to 22", "zstd:3"},
      {"gzip:10", "level 10 of gzip is out of range: 0 to 9", "gzip:6"},
      {"gzip:-1", "level -1 of gzip is out of range: 0 to 9", "gzip:6"},
      {"bzip2:0", "level 0 of bzip2 is out of range: 1 to 9", "bzip2:9"},
      {"xz:99999999999", "level 99999999999 of xz is out of range: 0 to 9", "xz:6"},
      {"xz:6e", "level '6e' of xz is not a whole number", "xz or xz:LEVEL"},
      {"xz:", "level '' of xz is not a whole number", "xz or xz:LEVEL"},
      {"xz:+6", "level '+6' of xz is not a whole number", "xz or xz:LEVEL"},
      {"zstd:3:3", "level '3:3' of zstd is not a whole number", "zstd:3"},
      {"none:0", "none has no levels", "write none"},
  };
  for (const auto& row : rows) {
    expect_error(Errc::usage, row.words, [&] { parse_codec(row.text); });
    try {
      parse_codec(row.text);
    } catch (const Error& error) {
      BOOST_TEST(error.hint().find(row.hint) != std::string::npos, error.hint());
    }
  }
}

BOOST_AUTO_TEST_CASE(an_encoder_refuses_a_level_that_its_codec_lacks) {
  expect_error(Errc::usage, "level 30 of zstd",
               [] { codec::make_encoder({CodecId::zstd, 30}, 100); });
  expect_error(Errc::usage, "level 1 of none",
               [] { codec::encoder_bytes({CodecId::none, 1}, 100); });
}

BOOST_AUTO_TEST_SUITE_END()
BOOST_AUTO_TEST_SUITE(blocks)

BOOST_AUTO_TEST_CASE(every_codec_level_and_size_round_trips_with_one_encoder) {
  constexpr std::size_t largest = (1 << 20) + 1;
  const Bytes bytes = sample(largest);
  for (const CodecInfo& row : codecs()) {
    const auto decoder = codec::make_decoder(row.id, {});
    for (int level = row.min_level; level <= row.max_level; ++level) {
      const auto encoder = codec::make_encoder({row.id, level}, largest);
      // The largest comes first, so that what follows must not be mixed with what it left behind.
      for (const std::size_t size : {largest, std::size_t{65536}, std::size_t{4095}, std::size_t{1},
                                     std::size_t{0}}) {
        const ByteView raw = ByteView(bytes).first(size);
        Bytes stored, back(size);
        encoder->encode(raw, stored);
        decoder->decode(stored, back);
        BOOST_TEST(std::ranges::equal(raw, back), row.name << ':' << level << ' ' << size);
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(equal_blocks_give_equal_bytes) {
  const Bytes raw = sample(10'000);
  for (const CodecInfo& row : codecs()) {
    const auto encoder = codec::make_encoder(default_of(row), raw.size());
    Bytes first, second;
    encoder->encode(raw, first);
    encoder->encode(raw, second);
    BOOST_TEST((first == second), row.name);
    BOOST_TEST((first == encode(default_of(row), raw)), row.name);
  }
}

BOOST_AUTO_TEST_CASE(stock_tools_print_blocks_laid_back_to_back) {
  const test::TemporaryDirectory directory;
  const Bytes raw = sample(300'000);
  for (const CodecInfo& row : codecs()) {
    if (!is_installed(row.tool)) {
      BOOST_TEST_MESSAGE("skipped: no " << row.tool);
      continue;
    }
    const auto path = directory / "pack";
    std::ofstream file(path, std::ios::binary);
    for (const ByteView block : {ByteView(raw).first(100'000), ByteView{},
                                 ByteView(raw).subspan(100'000)}) {
      file << text_of(encode(default_of(row), block));
    }
    file.close();
    const std::string command = std::string(row.tool) + " < " + path.string();
    BOOST_TEST((output_of(command) == text_of(raw)), row.name);
  }
}

BOOST_AUTO_TEST_CASE(a_zstd_frame_states_its_length_and_has_a_checksum) {
  const Bytes stored = encode({CodecId::zstd, 3}, sample(100'000));
  // RFC 8878, 3.1.1.1.1: bits 7 to 5 say whether the length is there, bit 2 is the checksum flag.
  const auto descriptor = std::to_integer<unsigned>(stored[4]);
  BOOST_TEST(((descriptor >> 6) != 0 || (descriptor >> 5 & 1) == 1));
  BOOST_TEST((descriptor >> 2 & 1) == 1u);
}

BOOST_AUTO_TEST_CASE(an_xz_stream_carries_crc64) {
  BOOST_TEST(std::to_integer<int>(encode({CodecId::xz, 0}, {})[7]) == 4);
}

BOOST_AUTO_TEST_CASE(a_gzip_member_has_no_time) {
  const Bytes stored = encode({CodecId::gzip, 6}, {});
  BOOST_TEST(std::all_of(stored.begin() + 4, stored.begin() + 8,
                         [](std::byte b) { return b == std::byte{0}; }));
}

BOOST_AUTO_TEST_CASE(an_encoder_stays_within_its_estimate) {
  const Bytes raw = sample(1 << 20);
  const auto in_use = [] {
    const auto now = mallinfo2();
    return now.uordblks + now.hblkhd;
  };
  for (const std::string_view text : {"gzip:9", "bzip2:9", "xz:0", "xz:9", "zstd:-7", "zstd:3",
                                      "zstd:19", "zstd:22"}) {
    const Codec codec = parse_codec(text);
    Bytes stored(raw.size() * 2);
    const std::size_t before = in_use();
    const auto encoder = codec::make_encoder(codec, raw.size());
    encoder->encode(raw, stored);
    BOOST_TEST(in_use() <= before + codec::encoder_bytes(codec, raw.size()), to_string(codec));
  }
}

BOOST_AUTO_TEST_CASE(a_dictionary_is_no_larger_than_the_block) {
  constexpr std::uint64_t mib = 1 << 20;
  BOOST_TEST(codec::encoder_bytes({CodecId::xz, 9}, 4 * mib) < 64 * mib);
  BOOST_TEST(codec::encoder_bytes({CodecId::zstd, 22}, 4 * mib) < 96 * mib);
  BOOST_TEST(codec::encoder_bytes({CodecId::zstd, 22}, 0) < mib);
}

BOOST_AUTO_TEST_SUITE_END()
BOOST_AUTO_TEST_SUITE(damage)

BOOST_AUTO_TEST_CASE(every_truncation_of_a_block_is_corrupt) {
  for (const std::size_t size : {std::size_t{0}, std::size_t{700}}) {
    const Bytes raw = sample(size);
    for (const CodecInfo& row : codecs()) {
      const Bytes stored = encode(default_of(row), raw);
      for (std::size_t length = 0; length < stored.size(); ++length) {
        expect_error(Errc::corrupt, "",
                     [&] { decode(row.id, ByteView(stored).first(length), raw.size()); });
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(a_block_of_another_length_is_corrupt) {
  for (const std::size_t size : {std::size_t{1}, std::size_t{700}, std::size_t{900'000}}) {
    const Bytes raw = sample(size);
    for (const CodecInfo& row : codecs()) {
      const Bytes stored = encode(default_of(row), raw);
      for (const std::size_t asked : {std::size_t{0}, size - 1, size + 1, 2 * size}) {
        expect_error(Errc::corrupt, row.name, [&] { decode(row.id, stored, asked); });
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(what_stands_behind_a_block_is_corrupt) {
  const Bytes raw = sample(700);
  for (const CodecInfo& row : codecs()) {
    const Bytes stored = encode(default_of(row), raw);
    const Bytes empty = encode(default_of(row), {});
    for (const Bytes& tail : {Bytes{std::byte{0}}, Bytes(4), stored, empty}) {
      if (tail.empty()) continue;
      Bytes longer = stored;
      longer.insert(longer.end(), tail.begin(), tail.end());
      expect_error(Errc::corrupt, row.name, [&] { decode(row.id, longer, raw.size()); });
    }
  }
}

BOOST_AUTO_TEST_CASE(a_block_of_another_codec_is_corrupt) {
  const Bytes raw = sample(700);
  for (const CodecInfo& written : codecs()) {
    for (const CodecInfo& read : codecs()) {
      if (read.id == written.id) continue;
      const Bytes stored = encode(default_of(written), raw);
      expect_error(Errc::corrupt, read.name, [&] { decode(read.id, stored, raw.size()); });
    }
  }
}

BOOST_AUTO_TEST_CASE(a_skippable_frame_is_no_block) {
  const Bytes skippable{std::byte{0x50}, std::byte{0x2a}, std::byte{0x4d}, std::byte{0x18},
                        std::byte{},     std::byte{},     std::byte{},     std::byte{}};
  expect_error(Errc::corrupt, "skippable", [&] { decode(CodecId::zstd, skippable, 0); });
}

BOOST_AUTO_TEST_CASE(no_flipped_byte_yields_wrong_bytes) {
  const Bytes raw = sample(700);
  for (const CodecInfo& row : codecs().subspan(1)) {
    const Bytes stored = encode(default_of(row), raw);
    const auto decoder = codec::make_decoder(row.id, {});
    for (std::size_t at = 0; at < stored.size(); ++at) {
      for (const auto mask : {std::byte{1}, std::byte{0x10}, std::byte{0x80}, std::byte{0xff}}) {
        Bytes damaged = stored, back(raw.size());
        damaged[at] ^= mask;
        try {
          decoder->decode(damaged, back);
          // Some bits, such as the time of a gzip member, mean nothing to the payload.
          BOOST_TEST((back == raw), row.name << " byte " << at);
        } catch (const Error& error) {
          const bool expected = error.code() == Errc::corrupt ||
                                error.code() == Errc::unsupported || error.code() == Errc::limit;
          BOOST_TEST(expected, row.name << " byte " << at << ": " << error.what());
        }
      }
    }
    Bytes back(raw.size());
    decoder->decode(stored, back);
    BOOST_TEST((back == raw), "a decoder works on after failures");
  }
}

BOOST_AUTO_TEST_CASE(an_xz_block_over_the_memory_limit_is_refused) {
  const Bytes raw = sample(100'000);
  const Bytes stored = encode({CodecId::xz, 6}, raw);
  Limits limits;
  limits.max_decoder_bytes = 10'000;
  Bytes back(raw.size());
  expect_error(Errc::limit, "max_decoder_bytes is 10000",
               [&] { codec::make_decoder(CodecId::xz, limits)->decode(stored, back); });
}

BOOST_AUTO_TEST_SUITE_END()
