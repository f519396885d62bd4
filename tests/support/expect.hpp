// Checks that tests of every room share.
#pragma once

#include <boost/test/unit_test.hpp>

#include "brine/error.hpp"

namespace brine::test {

/// Runs `body` and requires that it throws an Error of `code` whose sentence holds `words`.
template <typename Body>
void expect_error(Errc code, std::string_view words, Body&& body) {
  try {
    body();
  } catch (const Error& error) {
    BOOST_TEST(info(error.code()).name == info(code).name, error.what());
    BOOST_TEST(std::string_view(error.what()).find(words) != std::string_view::npos,
               "'" << error.what() << "' does not say '" << words << "'");
    return;
  }
  BOOST_ERROR("nothing was thrown; expected " << info(code).name);
}

}  // namespace brine::test
