#include <array>
#include <string>

#include "base/names.hpp"
#include "support/expect.hpp"

using namespace brine;
using namespace brine::base;

BOOST_AUTO_TEST_SUITE(names)

// Spelled out: these words are in manifests and catalogs, a change here breaks old stores.
constexpr std::array<std::string_view, 6> states{"saved",   "verified",    "good",
                                                 "suspect", "quarantined", "revoked"};
constexpr std::array<std::string_view, 2> origins{"file", "object"};
constexpr std::array<std::string_view, 3> verdicts{"safe", "unknown", "dangerous"};

BOOST_AUTO_TEST_CASE(every_persistent_word_round_trips) {
  for (std::size_t i = 0; i < states.size(); ++i) {
    BOOST_TEST(to_string(static_cast<State>(i)) == states[i]);
    BOOST_TEST((parse_state(states[i]) == static_cast<State>(i)));
  }
  for (std::size_t i = 0; i < origins.size(); ++i) {
    BOOST_TEST(to_string(static_cast<Origin>(i)) == origins[i]);
    BOOST_TEST((parse_origin(origins[i]) == static_cast<Origin>(i)));
  }
  for (std::size_t i = 0; i < verdicts.size(); ++i) {
    BOOST_TEST(to_string(static_cast<Verdict>(i)) == verdicts[i]);
    BOOST_TEST((parse_verdict(verdicts[i]) == static_cast<Verdict>(i)));
  }
}

BOOST_AUTO_TEST_CASE(other_words_are_no_names) {
  for (const std::string_view other : {"", "Good", "good ", "goo", "3"}) {
    BOOST_TEST(!parse_state(other).has_value());
    BOOST_TEST(!parse_origin(other).has_value());
    BOOST_TEST(!parse_verdict(other).has_value());
  }
}

BOOST_AUTO_TEST_SUITE_END()
