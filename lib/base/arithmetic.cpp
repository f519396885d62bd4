#include "base/arithmetic.hpp"

#include <fmt/format.h>

#include "brine/error.hpp"

namespace brine::base {

std::uint64_t checked_add(std::uint64_t a, std::uint64_t b, std::string_view what) {
  std::uint64_t sum = 0;
  if (__builtin_add_overflow(a, b, &sum)) {
    throw Error(Errc::corrupt, fmt::format("{} overflows: {} + {}", what, a, b));
  }
  return sum;
}

std::uint64_t checked_mul(std::uint64_t a, std::uint64_t b, std::string_view what) {
  std::uint64_t product = 0;
  if (__builtin_mul_overflow(a, b, &product)) {
    throw Error(Errc::corrupt, fmt::format("{} overflows: {} * {}", what, a, b));
  }
  return product;
}

void require_within(std::uint64_t actual, std::uint64_t limit, std::string_view name) {
  if (actual > limit) {
    throw Error(Errc::limit, fmt::format("{} is {}, the limit is {}", name, actual, limit));
  }
}

}  // namespace brine::base
