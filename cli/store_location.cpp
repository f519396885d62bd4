#include "store_location.hpp"

#include <fmt/format.h>

#include <cstdlib>

namespace brine::cli {

std::optional<std::filesystem::path> named_store(const GlobalArguments& global) {
  if (global.store) return *global.store;
  const char* value = std::getenv("BRINE_STORE");
  if (value != nullptr && *value != '\0') return value;
  return std::nullopt;
}

std::filesystem::path locate_store(const GlobalArguments& global) {
  if (const auto named = named_store(global)) return *named;
  const std::filesystem::path here = std::filesystem::current_path();
  if (const auto found = Store::find(here)) return *found;
  throw Error(Errc::not_found,
              fmt::format("no store: there is no .brine in {} or above it, and neither --store nor "
                          "BRINE_STORE names one",
                          here.string()),
              "brine init");
}

Store open_store(const GlobalArguments& global) { return Store::open(locate_store(global)); }

bool has_store(const GlobalArguments& global) {
  try {
    open_store(global);
    return true;
  } catch (const Error&) {
    return false;
  }
}

}  // namespace brine::cli
