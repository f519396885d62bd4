#include <array>
#include <limits>

#include "base/arithmetic.hpp"
#include "base/text.hpp"
#include "support/expect.hpp"

using namespace brine;
using namespace brine::base;
using brine::test::expect_error;

BOOST_AUTO_TEST_SUITE(arithmetic)

BOOST_AUTO_TEST_CASE(sums_and_products_that_wrap_are_corrupt) {
  constexpr auto most = std::numeric_limits<std::uint64_t>::max();
  BOOST_TEST(checked_add(most - 1, 1, "x") == most);
  BOOST_TEST(checked_mul(1ULL << 32, (1ULL << 32) - 1, "x") == most - ((1ULL << 32) - 1));
  expect_error(Errc::corrupt, "shape overflows", [] { checked_add(most, 1, "shape"); });
  expect_error(Errc::corrupt, "shape overflows", [] { checked_mul(most, 2, "shape"); });
}

BOOST_AUTO_TEST_CASE(a_breach_names_the_limit_and_the_actual) {
  require_within(5, 5, "max_opcodes");
  expect_error(Errc::limit, "max_opcodes is 6, the limit is 5",
               [] { require_within(6, 5, "max_opcodes"); });
}

BOOST_AUTO_TEST_CASE(little_endian_round_trips_at_every_width) {
  for (std::size_t width = 1; width <= 8; ++width) {
    std::array<std::byte, 8> bytes{};
    const std::uint64_t mask = width == 8 ? ~0ULL : (1ULL << 8 * width) - 1;
    const std::uint64_t value = 0x0807060504030201ULL & mask;
    put_little_endian(bytes.data(), value, width);
    BOOST_TEST(std::to_integer<int>(bytes[0]) == 1);
    BOOST_TEST(little_endian(bytes.data(), width) == value);
  }
}

BOOST_AUTO_TEST_SUITE_END()
BOOST_AUTO_TEST_SUITE(text)

BOOST_AUTO_TEST_CASE(hex_round_trips_and_refuses_the_rest) {
  const Bytes bytes{std::byte{0}, std::byte{0xab}, std::byte{0xff}};
  BOOST_TEST(to_hex(bytes) == "00abff");
  BOOST_TEST((from_hex("00abff") == bytes));
  BOOST_TEST(!from_hex("0").has_value());
  BOOST_TEST(!from_hex("0G").has_value());
  BOOST_TEST(!from_hex("AB").has_value());
}

BOOST_AUTO_TEST_CASE(ids_are_random) {
  BOOST_TEST(random_id().size() == 32u);
  BOOST_TEST(random_id() != random_id());
}

BOOST_AUTO_TEST_CASE(time_sorts_as_text) {
  const std::string now = now_utc();
  BOOST_TEST(now.size() == 24u);
  BOOST_TEST(now.back() == 'Z');
  BOOST_TEST(now > "2024-01-01T00:00:00.000Z");
}

BOOST_AUTO_TEST_CASE(a_near_miss_is_found_and_a_stranger_is_not) {
  constexpr std::array<std::string_view, 5> names{"none", "gzip", "bzip2", "xz", "zstd"};
  BOOST_TEST(closest("zsdt", names).value_or("") == "zstd");
  BOOST_TEST(closest("gzipp", names).value_or("") == "gzip");
  BOOST_TEST(closest("bzip", names).value_or("") == "bzip2");
  BOOST_TEST(!closest("brotli", names).has_value());
}

BOOST_AUTO_TEST_CASE(control_bytes_and_broken_utf8_are_escaped) {
  BOOST_TEST(printable("caf\xc3\xa9") == "caf\xc3\xa9");
  BOOST_TEST(printable("\x1b[31m") == "\\x1b[31m");
  BOOST_TEST(printable("\xc2\x9b") == "\\xc2\\x9b");
  BOOST_TEST(printable("a\xe2\x80\x8e") == "a\\xe2\\x80\\x8e");          // left-to-right mark
  BOOST_TEST(printable("\xe2\x80\xae") == "\\xe2\\x80\\xae");            // right-to-left override
  BOOST_TEST(printable("\xd8\x9c") == "\\xd8\\x9c");                      // Arabic letter mark
  BOOST_TEST(printable("\xe2\x80\x8b") == "\\xe2\\x80\\x8b");            // zero-width space
  BOOST_TEST(printable("\xe4\xb8\xad\xf0\x9f\x8c\x8a") == "\xe4\xb8\xad\xf0\x9f\x8c\x8a");
  BOOST_TEST(printable("a\xff\xe2\x82") == "a\\xff\\xe2\\x82");
  BOOST_TEST(printable("\xed\xa0\x80") == "\\xed\\xa0\\x80");
}

BOOST_AUTO_TEST_CASE(names_are_plain) {
  for (const char* good : {"run", "run-1.2_b", "0"}) BOOST_TEST(is_name(good));
  for (const char* bad : {"", ".", "-x", "a/b", "a b", "a:b", "a@b", "a~1", "\xc3\xa9"}) {
    BOOST_TEST(!is_name(bad));
  }
  BOOST_TEST(!is_name(std::string(201, 'a')));
}

BOOST_AUTO_TEST_SUITE_END()
BOOST_AUTO_TEST_SUITE(errors)

BOOST_AUTO_TEST_CASE(context_goes_in_front_and_keeps_code_and_hint) {
  try {
    in_context("block 7", [] { throw Error(Errc::corrupt, "digest differs", "brine verify"); });
  } catch (const Error& error) {
    BOOST_TEST(error.what() == std::string("block 7: digest differs"));
    BOOST_TEST(error.hint() == "brine verify");
    BOOST_TEST(info(error.code()).exit_code == 12);
  }
}

BOOST_AUTO_TEST_CASE(every_code_has_its_row) {
  for (const ErrcInfo& row : errc_table()) {
    BOOST_TEST(info(row.code).name == row.name);
    BOOST_TEST(row.exit_code >= 2);
    BOOST_TEST(!row.python_class.empty());
  }
}

BOOST_AUTO_TEST_CASE(the_environment_never_counts_against_a_snapshot) {
  for (const Errc code : {Errc::environment, Errc::no_space, Errc::busy, Errc::usage}) {
    BOOST_TEST(!is_fallback_worthy(code));
  }
  for (const Errc code : {Errc::corrupt, Errc::refused, Errc::migration}) {
    BOOST_TEST(is_fallback_worthy(code));
  }
}

BOOST_AUTO_TEST_SUITE_END()
