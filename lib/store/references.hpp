// What a reference names.
//
//   reference = base [ "~" COUNT ]
//   base      = LINE [ ":" SEQ | "@" mark ] | PREFIX        (at least four digits of an id)
//   mark      = "latest" | "good" | "best(" ["-"] METRIC ")" | "step=" STEP | TAG
//
// A line beats the start of an id of the same spelling, and a whole id beats a line: who holds one
// means that snapshot.
#pragma once

#include <string_view>

#include "brine/snapshot.hpp"
#include "catalog/catalog.hpp"

namespace brine::store {

/// Throws: usage for a malformed reference; not_found with the nearest line as hint.
Snapshot resolve(const catalog::Catalog& catalog, std::string_view ref);

/// Throws not_found for a line, or an id prefix, that is not there.
[[noreturn]] void throw_no_line(const catalog::Catalog& catalog, std::string_view line);

}  // namespace brine::store
