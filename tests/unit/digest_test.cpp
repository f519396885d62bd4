#include "digest/digest.hpp"

#include <set>

#include "support/expect.hpp"

using namespace brine;
using namespace brine::digest;
using brine::test::expect_error;

BOOST_AUTO_TEST_CASE(sha256_gives_the_published_values) {
  // FIPS 180-4, and NIST's examples for it.
  const struct {
    std::string text, hex;
  } rows[] = {
      {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
      {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
      {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
       "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
      {std::string(1'000'000, 'a'),
       "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"},
  };
  for (const auto& row : rows) BOOST_TEST(sha256_hex(bytes_of(row.text)) == row.hex);
}

BOOST_AUTO_TEST_CASE(xxh3_is_in_canonical_order) {
  BOOST_TEST(xxh128({}).hex() == "99aa06d3014798d86001c324468d497f");
  BOOST_TEST(xxh128(bytes_of("abc")).hex() == "06b05ab6733a618578af5f94892f3950");
}

BOOST_AUTO_TEST_CASE(pieces_give_the_digest_of_the_whole) {
  std::string text(100'000, '\0');
  for (std::size_t i = 0; i < text.size(); ++i) text[i] = static_cast<char>(i * i >> 5);
  const Xxh128 whole = xxh128(bytes_of(text));
  for (const std::size_t step : {std::size_t{1}, std::size_t{63}, std::size_t{256},
                                 std::size_t{40'000}}) {
    Xxh128Stream stream;
    for (std::size_t at = 0; at < text.size(); at += step) {
      stream.update(bytes_of(std::string_view(text).substr(at, step)));
    }
    BOOST_TEST((stream.value() == whole), step);
  }
}

BOOST_AUTO_TEST_CASE(a_stream_tells_its_value_on_the_way_and_survives_a_move) {
  Xxh128Stream first;
  BOOST_TEST((first.value() == xxh128({})));
  first.update(bytes_of("ab"));
  BOOST_TEST((first.value() == xxh128(bytes_of("ab"))));
  Xxh128Stream second(std::move(first));
  second.update(bytes_of("c"));
  BOOST_TEST((second.value() == xxh128(bytes_of("abc"))));
  first = std::move(second);
  BOOST_TEST((first.value() == xxh128(bytes_of("abc"))));
}

BOOST_AUTO_TEST_CASE(every_length_across_the_algorithms_has_its_own_digest) {
  const std::string zeros(300, '\0');
  std::set<std::string> seen;
  for (std::size_t length = 0; length <= zeros.size(); ++length) {
    seen.insert(xxh128(bytes_of(std::string_view(zeros).substr(0, length))).hex());
  }
  BOOST_TEST(seen.size() == zeros.size() + 1);
}

BOOST_AUTO_TEST_CASE(a_digest_is_read_as_it_is_written_and_nothing_else_is) {
  const Xxh128 value = xxh128(bytes_of("abc"));
  BOOST_TEST((parse_xxh128(value.hex()) == value));
  for (const std::string& bad :
       {std::string(), std::string(31, 'a'), std::string(33, 'a'), std::string(34, 'a'),
        std::string(32, 'A'), std::string(32, 'g'), " " + std::string(31, 'a')}) {
    expect_error(Errc::corrupt, "expected 32 hex digits", [&] { parse_xxh128(bad); });
  }
}
