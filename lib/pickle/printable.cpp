#include "pickle/printable.hpp"

#include <algorithm>
#include <cstdint>
#include <iterator>

namespace brine::pickle {
namespace {

constexpr std::uint32_t changes[] = {
#include "pickle/printable.inc"
};

}  // namespace

bool is_printable(char32_t code_point) noexcept {
  const auto* const next = std::upper_bound(std::begin(changes), std::end(changes), code_point);
  return (next - std::begin(changes)) % 2 == 1;
}

}  // namespace brine::pickle
