// Streams that brine only reads, as the libraries that define them write them.
#include <boost/test/unit_test.hpp>
#include <lz4frame.h>
#include <lzma.h>
#include <zlib.h>

#include "codec/codec.hpp"
#include "io/file.hpp"
#include "support/expect.hpp"

using namespace brine;
using brine::codec::StreamFormat;
using brine::test::expect_error;

namespace {

Bytes sample(std::size_t size) {
  Bytes bytes(size);
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::byte>(i / 7 * 31 + i % 5);
  return bytes;
}

Bytes by_zlib(ByteView raw, int window_bits) {
  z_stream stream{};
  deflateInit2(&stream, 6, Z_DEFLATED, window_bits, 8, Z_DEFAULT_STRATEGY);
  Bytes out(deflateBound(&stream, raw.size()) + 16);
  stream.next_in = const_cast<Bytef*>(reinterpret_cast<const Bytef*>(raw.data()));
  stream.avail_in = static_cast<unsigned>(raw.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<unsigned>(out.size());
  deflate(&stream, Z_FINISH);
  out.resize(out.size() - stream.avail_out);
  deflateEnd(&stream);
  return out;
}

Bytes by_lzma(ByteView raw) {
  lzma_options_lzma options{};
  lzma_lzma_preset(&options, 1);
  lzma_stream stream = LZMA_STREAM_INIT;
  BOOST_REQUIRE(lzma_alone_encoder(&stream, &options) == LZMA_OK);
  Bytes out(raw.size() + 4096);
  stream.next_in = reinterpret_cast<const std::uint8_t*>(raw.data());
  stream.avail_in = raw.size();
  stream.next_out = reinterpret_cast<std::uint8_t*>(out.data());
  stream.avail_out = out.size();
  BOOST_REQUIRE(lzma_code(&stream, LZMA_FINISH) == LZMA_STREAM_END);
  out.resize(out.size() - stream.avail_out);
  lzma_end(&stream);
  return out;
}

Bytes by_lz4(ByteView raw) {
  LZ4F_preferences_t preferences{};
  preferences.frameInfo.contentChecksumFlag = LZ4F_contentChecksumEnabled;
  Bytes out(LZ4F_compressFrameBound(raw.size(), &preferences));
  out.resize(LZ4F_compressFrame(out.data(), out.size(), raw.data(), raw.size(), &preferences));
  return out;
}

struct Row {
  StreamFormat format;
  std::string_view name;
  Bytes encoded;
};

std::vector<Row> rows_of(ByteView raw) {
  return {{StreamFormat::zlib, "zlib", by_zlib(raw, MAX_WBITS)},
          {StreamFormat::deflate, "deflate", by_zlib(raw, -MAX_WBITS)},
          {StreamFormat::lzma, "lzma", by_lzma(raw)},
          {StreamFormat::lz4, "lz4", by_lz4(raw)}};
}

class BytesSource final : public Source {
 public:
  explicit BytesSource(ByteView bytes) : bytes_(bytes) {}
  std::size_t read(ByteSpan buffer) override {
    const std::size_t count = std::min(bytes_.size(), buffer.size());
    std::copy_n(bytes_.begin(), count, buffer.begin());
    bytes_ = bytes_.subspan(count);
    return count;
  }

 private:
  ByteView bytes_;
};

Bytes unfold(StreamFormat format, ByteView encoded, const Limits& limits = {}) {
  BytesSource source(encoded);
  const auto decoded = codec::make_decoding_source(format, source, limits);
  Bytes all;
  Bytes buffer(777);
  while (const std::size_t got = decoded->read(buffer)) {
    all.insert(all.end(), buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(got));
  }
  return all;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(foreign_streams)

BOOST_AUTO_TEST_CASE(what_their_libraries_write_is_read) {
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, std::size_t{500'000}}) {
    const Bytes raw = sample(size);
    for (const Row& row : rows_of(raw)) {
      BOOST_TEST((unfold(row.format, row.encoded) == raw), row.name);
    }
  }
}

BOOST_AUTO_TEST_CASE(frames_of_lz4_may_follow_one_another) {
  const Bytes raw = sample(1000);
  Bytes twice = by_lz4(raw);
  const Bytes once = twice;
  twice.insert(twice.end(), once.begin(), once.end());
  BOOST_TEST(unfold(StreamFormat::lz4, twice).size() == 2000U);
}

BOOST_AUTO_TEST_CASE(every_truncation_is_corrupt) {
  const Bytes raw = sample(600);
  for (const Row& row : rows_of(raw)) {
    for (std::size_t length = 0; length < row.encoded.size(); ++length) {
      expect_error(Errc::corrupt, row.name,
                   [&] { unfold(row.format, ByteView(row.encoded).first(length)); });
    }
  }
}

BOOST_AUTO_TEST_CASE(whatever_else_follows_is_corrupt) {
  const Bytes raw = sample(600);
  for (Row& row : rows_of(raw)) {
    row.encoded.push_back(std::byte{1});
    expect_error(Errc::corrupt, "behind the last member", [&] { unfold(row.format, row.encoded); });
  }
}

BOOST_AUTO_TEST_CASE(damage_and_bombs_are_refused) {
  const Bytes raw = sample(500'000);
  Limits limits;
  limits.max_payload_bytes = raw.size() - 1;
  for (Row& row : rows_of(raw)) {
    expect_error(Errc::limit, "max_payload_bytes is",
                 [&] { unfold(row.format, row.encoded, limits); });
    if (row.format == StreamFormat::zlib || row.format == StreamFormat::lz4) {  // these have checks
      row.encoded.back() ^= std::byte{1};
      expect_error(Errc::corrupt, "near byte ", [&] { unfold(row.format, row.encoded); });
    }
  }
  limits = {.max_decoder_bytes = 10'000};
  expect_error(Errc::limit, "this lzma data needs",
               [&] { unfold(StreamFormat::lzma, by_lzma(raw), limits); });
}

BOOST_AUTO_TEST_SUITE_END()
