#include "base/names.hpp"

#include <array>
#include <cstddef>

namespace brine {
namespace {

// Indexed by the values of the enums, which are persistent.
constexpr std::array<std::string_view, 6> states{"saved",   "verified",    "good",
                                                 "suspect", "quarantined", "revoked"};
constexpr std::array<std::string_view, 2> origins{"file", "object"};
constexpr std::array<std::string_view, 3> verdicts{"safe", "unknown", "dangerous"};

static_assert(states.size() == static_cast<std::size_t>(State::revoked) + 1);
static_assert(origins.size() == static_cast<std::size_t>(Origin::object) + 1);
static_assert(verdicts.size() == static_cast<std::size_t>(Verdict::dangerous) + 1);

template <typename Enum, std::size_t count>
std::optional<Enum> find(const std::array<std::string_view, count>& words, std::string_view text) {
  for (std::size_t i = 0; i < count; ++i) {
    if (words[i] == text) return static_cast<Enum>(i);
  }
  return std::nullopt;
}

}  // namespace

std::string_view to_string(State state) noexcept { return states[static_cast<std::size_t>(state)]; }

std::string_view to_string(Origin origin) noexcept {
  return origins[static_cast<std::size_t>(origin)];
}

std::string_view to_string(Verdict verdict) noexcept {
  return verdicts[static_cast<std::size_t>(verdict)];
}

namespace base {

std::optional<State> parse_state(std::string_view text) noexcept {
  return find<State>(states, text);
}

std::optional<Origin> parse_origin(std::string_view text) noexcept {
  return find<Origin>(origins, text);
}

std::optional<Verdict> parse_verdict(std::string_view text) noexcept {
  return find<Verdict>(verdicts, text);
}

}  // namespace base
}  // namespace brine
