#include "brine/error.hpp"

#include <array>
#include <string>

#include "brine/bytes.hpp"

namespace brine {
namespace {

constexpr std::array table{
    ErrcInfo{Errc::usage, "usage", 2, "UsageError", "the call is wrong"},
    ErrcInfo{Errc::exists, "exists", 2, "ExistsError", "it is there already"},
    ErrcInfo{Errc::not_found, "not_found", 3, "NotFoundError",
             "no such store, line, snapshot, table or file"},
    ErrcInfo{Errc::unusable, "unusable", 11, "UnusableError", "nothing usable"},
    ErrcInfo{Errc::corrupt, "corrupt", 12, "IntegrityError",
             "damaged, truncated, or no checkpoint"},
    ErrcInfo{Errc::unsupported, "unsupported", 16, "UnsupportedError",
             "this version of brine cannot do it"},
    ErrcInfo{Errc::signature, "signature", 13, "SignatureError", "signature or key"},
    ErrcInfo{Errc::replay, "replay", 14, "ReplayError", "replay or rollback"},
    ErrcInfo{Errc::refused, "refused", 15, "UnsafePickleError",
             "policy: unsafe or untrusted pickle"},
    ErrcInfo{Errc::limit, "limit", 15, "LimitError", "over a limit on untrusted input"},
    ErrcInfo{Errc::environment, "environment", 16, "EnvironmentFailure",
             "input/output, permission, memory"},
    ErrcInfo{Errc::no_space, "no_space", 17, "NoSpaceError", "no space"},
    ErrcInfo{Errc::busy, "busy", 18, "BusyError", "another process holds the lock"},
    ErrcInfo{Errc::migration, "migration", 19, "MigrationError",
             "migration: conflict, cycle, no path"},
    ErrcInfo{Errc::internal, "internal", 70, "InternalError", "a bug in brine"},
};

constexpr bool in_enum_order() {
  for (std::size_t i = 0; i < table.size(); ++i) {
    if (static_cast<std::size_t>(table[i].code) != i + 1) return false;
  }
  return true;
}
static_assert(in_enum_order(), "info() indexes the table by the enum");

}  // namespace

std::span<const ErrcInfo> errc_table() noexcept { return table; }

const ErrcInfo& info(Errc code) noexcept { return table[static_cast<std::size_t>(code) - 1]; }

bool is_fallback_worthy(Errc code) noexcept {
  switch (code) {
    case Errc::corrupt:
    case Errc::unsupported:
    case Errc::signature:
    case Errc::replay:
    case Errc::refused:
    case Errc::limit:
    case Errc::migration:
      return true;
    case Errc::usage:
    case Errc::exists:
    case Errc::not_found:
    case Errc::unusable:
    case Errc::environment:
    case Errc::no_space:
    case Errc::busy:
    case Errc::internal:
      return false;
  }
  return false;
}

Error::Error(Errc code, const std::string& what, std::string hint)
    : std::runtime_error(what), code_(code), hint_(std::move(hint)) {}

Error::~Error() = default;

Error Error::in_context(std::string_view where) const {
  return Error(code_, std::string(where) + ": " + what(), hint_);
}

Source::~Source() = default;
RandomSource::~RandomSource() = default;
Sink::~Sink() = default;

const char* version() noexcept { return BRINE_VERSION; }

}  // namespace brine
