#include <algorithm>
#include <random>

#include "codec/codec.hpp"
#include "support/expect.hpp"

using namespace brine;
using brine::test::expect_error;

namespace {

// Gives its bytes in pieces of at most `step`.
class PiecewiseSource final : public Source {
 public:
  PiecewiseSource(ByteView bytes, std::size_t step) : bytes_(bytes), step_(step) {}

  std::size_t read(ByteSpan buffer) override {
    const std::size_t count = std::min({step_, bytes_.size(), buffer.size()});
    std::ranges::copy(bytes_.first(count), buffer.begin());
    bytes_ = bytes_.subspan(count);
    return count;
  }

 private:
  ByteView bytes_;
  std::size_t step_;
};

struct Steps {
  std::size_t in = 1 << 20;
  std::size_t out = 1 << 20;
};

Bytes unfold(CodecId codec, ByteView encoded, Steps steps = {}, const Limits& limits = {}) {
  PiecewiseSource pieces(encoded, steps.in);
  const auto source = codec::make_decoding_source(codec, pieces, limits);
  Bytes all, buffer(steps.out);
  while (const std::size_t got = source->read(buffer)) {
    all.insert(all.end(), buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(got));
  }
  BOOST_TEST(source->read(buffer) == 0u, "the end stays the end");
  return all;
}

Bytes sample(std::size_t size) {
  std::mt19937 noise(11);
  Bytes bytes(size);
  for (std::size_t i = 0; i < size; ++i) {
    bytes[i] = static_cast<std::byte>(i / 700 % 3 == 0 ? "gradient"[i % 8] : noise() % 23);
  }
  return bytes;
}

Bytes encode(CodecId codec, ByteView raw) {
  Bytes stored;
  codec::make_encoder({codec, info(codec).default_level}, raw.size())->encode(raw, stored);
  return stored;
}

Bytes operator+(const Bytes& a, const Bytes& b) {
  Bytes joined = a;
  joined.insert(joined.end(), b.begin(), b.end());
  return joined;
}

Bytes hex_bytes(std::initializer_list<int> values) {
  Bytes bytes;
  for (const int value : values) bytes.push_back(static_cast<std::byte>(value));
  return bytes;
}

const auto real_codecs = codecs().subspan(1);
const Bytes skippable = hex_bytes({0x5e, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3});

}  // namespace

BOOST_AUTO_TEST_SUITE(whole_streams)

BOOST_AUTO_TEST_CASE(members_back_to_back_unfold_in_any_steps) {
  const Bytes raw = sample(200'000);
  for (const CodecInfo& row : codecs()) {
    const Bytes encoded = encode(row.id, ByteView(raw).first(60'000)) + encode(row.id, {}) +
                          encode(row.id, ByteView(raw).subspan(60'000));
    for (const Steps steps : {Steps{}, Steps{1, 1 << 20}, Steps{1 << 20, 1}, Steps{7, 13}}) {
      BOOST_TEST((unfold(row.id, encoded, steps) == raw), row.name << ' ' << steps.in);
    }
  }
}

BOOST_AUTO_TEST_CASE(an_empty_payload_is_no_empty_stream) {
  for (const CodecInfo& row : real_codecs) {
    BOOST_TEST(unfold(row.id, encode(row.id, {})).empty());
    expect_error(Errc::corrupt, "empty", [&] { unfold(row.id, {}); });
  }
  BOOST_TEST(unfold(CodecId::none, {}).empty());
}

BOOST_AUTO_TEST_CASE(skippable_zstd_frames_are_skipped) {
  const Bytes raw = sample(5'000);
  const Bytes frame = encode(CodecId::zstd, raw);
  for (const Bytes& encoded : {skippable + frame, frame + skippable,
                               skippable + skippable + frame + skippable}) {
    BOOST_TEST((unfold(CodecId::zstd, encoded) == raw));
    BOOST_TEST((unfold(CodecId::zstd, encoded, {1, 1}) == raw));
  }
}

BOOST_AUTO_TEST_CASE(xz_streams_may_be_padded_in_fours) {
  const Bytes raw = sample(5'000);
  const Bytes stream = encode(CodecId::xz, raw);
  BOOST_TEST((unfold(CodecId::xz, stream + Bytes(8)) == raw));
  BOOST_TEST((unfold(CodecId::xz, stream + Bytes(400'000) + stream) == raw + raw));
  expect_error(Errc::corrupt, "multiple of 4",
               [&] { unfold(CodecId::xz, stream + Bytes(6) + stream); });
  expect_error(Errc::corrupt, "multiple of 4", [&] { unfold(CodecId::xz, stream + Bytes(3)); });
  expect_error(Errc::corrupt, "magic", [&] { unfold(CodecId::xz, Bytes(4) + stream); });
}

BOOST_AUTO_TEST_CASE(gzip_may_end_in_zero_bytes_of_any_number) {
  const Bytes raw = sample(5'000);
  const Bytes member = encode(CodecId::gzip, raw);
  for (const std::size_t zeros : {1u, 5u, 300'000u}) {
    BOOST_TEST((unfold(CodecId::gzip, member + Bytes(zeros)) == raw));
  }
  expect_error(Errc::corrupt, "behind the padding",
               [&] { unfold(CodecId::gzip, member + Bytes(5) + member); });
}

BOOST_AUTO_TEST_SUITE_END()
BOOST_AUTO_TEST_SUITE(broken_streams)

BOOST_AUTO_TEST_CASE(every_truncation_is_corrupt) {
  const Bytes raw = sample(600);
  for (const CodecInfo& row : real_codecs) {
    const Bytes member = encode(row.id, raw);
    const Bytes encoded = member + member;
    for (std::size_t length = 0; length < encoded.size(); ++length) {
      if (length == member.size()) continue;
      const ByteView shorter = ByteView(encoded).first(length);
      expect_error(Errc::corrupt, row.name, [&] { unfold(row.id, shorter); });
    }
  }
}

BOOST_AUTO_TEST_CASE(whatever_else_follows_is_corrupt) {
  const Bytes raw = sample(600);
  for (const CodecInfo& row : real_codecs) {
    const Bytes member = encode(row.id, raw);
    for (const Bytes& tail : {hex_bytes({1}), hex_bytes({0x80, 4, 'N', '.', 0, 0, 0, 0}),
                              Bytes(member.begin(), member.begin() + 2)}) {
      expect_error(Errc::corrupt, "behind the last member",
                   [&] { unfold(row.id, member + tail); });
    }
    expect_error(Errc::corrupt, "magic", [&] { unfold(row.id, hex_bytes({0x80, 4, 'N', '.'})); });
  }
  for (const CodecId codec : {CodecId::bzip2, CodecId::zstd}) {
    expect_error(Errc::corrupt, "behind the last member",
                 [&] { unfold(codec, encode(codec, raw) + Bytes(4)); });
  }
}

BOOST_AUTO_TEST_CASE(damage_is_corrupt_and_placed) {
  const Bytes raw = sample(300'000);
  for (const CodecInfo& row : real_codecs) {
    Bytes encoded = encode(row.id, raw);
    encoded[encoded.size() - 40] ^= std::byte{0x55};
    expect_error(Errc::corrupt, "near byte ", [&] { unfold(row.id, encoded); });
  }
}

BOOST_AUTO_TEST_CASE(a_failing_input_keeps_its_own_error) {
  class Failing final : public Source {
    std::size_t read(ByteSpan) override { throw Error(Errc::environment, "the cable is out"); }
  } failing;
  const auto source = codec::make_decoding_source(CodecId::gzip, failing, {});
  Bytes buffer(10);
  expect_error(Errc::environment, "the cable is out", [&] { source->read(buffer); });
}

BOOST_AUTO_TEST_SUITE_END()
BOOST_AUTO_TEST_SUITE(hostile_streams)

BOOST_AUTO_TEST_CASE(a_huge_zstd_window_is_refused_before_it_is_allocated) {
  // RFC 8878, 3.1.1.1.2: exponent 21 (0xa8 >> 3) is a window of 2 GiB.
  const Bytes frame = hex_bytes({0x28, 0xb5, 0x2f, 0xfd, 0x00, 0xa8, 0x01, 0x00, 0x00});
  expect_error(Errc::limit, "max_decoder_bytes is 268435456",
               [&] { unfold(CodecId::zstd, frame); });
  // The same empty frame with a window of 1 MiB.
  BOOST_TEST(unfold(CodecId::zstd, hex_bytes({0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x50, 0x01, 0x00,
                                              0x00})).empty());
}

BOOST_AUTO_TEST_CASE(decoders_keep_to_their_memory) {
  const Bytes raw = sample(100'000);
  Limits limits;
  limits.max_decoder_bytes = 10'000;
  // A zstd frame that fits into the buffer in one go needs no window.
  const Steps small{4096, 4096};
  for (const CodecId codec : {CodecId::xz, CodecId::zstd}) {
    expect_error(Errc::limit, "max_decoder_bytes is 10000",
                 [&] { unfold(codec, encode(codec, raw), small, limits); });
  }
}

BOOST_AUTO_TEST_CASE(a_bomb_stops_at_the_payload_limit) {
  const Bytes raw(3'000'000);
  Limits limits;
  limits.max_payload_bytes = raw.size() - 1;
  for (const CodecInfo& row : real_codecs) {
    const Bytes encoded = encode(row.id, raw);
    expect_error(Errc::limit, "max_payload_bytes is", [&] { unfold(row.id, encoded, {}, limits); });
    limits.max_payload_bytes = raw.size();
    BOOST_TEST(unfold(row.id, encoded, {}, limits).size() == raw.size());
    limits.max_payload_bytes = raw.size() - 1;
  }
}

BOOST_AUTO_TEST_SUITE_END()
BOOST_AUTO_TEST_SUITE(sniffing)

BOOST_AUTO_TEST_CASE(six_bytes_tell_the_codec) {
  for (const CodecInfo& row : real_codecs) {
    for (const Bytes& raw : {Bytes{}, sample(100)}) {
      const Bytes encoded = encode(row.id, raw);
      BOOST_TEST((codec::sniff(ByteView(encoded).first(6)) == row.id), row.name);
    }
  }
  BOOST_TEST((codec::sniff(skippable) == CodecId::zstd));
}

BOOST_AUTO_TEST_CASE(what_is_no_stream_has_no_codec) {
  for (const std::string_view head :
       {"", "\x1f", "\x1f\x8b", "\x80\x04\x95", "PK\x03\x04--", "BZh9", "BZh0" "1AY", "BZhave",
        "\x28\xb5\x2f", "\xfd\x37zXZ", "(lp0\n"}) {
    BOOST_TEST(!codec::sniff(bytes_of(head)).has_value(), head);
  }
}

BOOST_AUTO_TEST_SUITE_END()
