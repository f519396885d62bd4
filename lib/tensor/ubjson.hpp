// Arrays of numbers in UBJSON, which XGBoost keeps its models in.
//
//   value  = "{" *( key value ) "}" | "[" "#L" count *value | "[$" type "#L" count numbers
//          | "S" "L" length text | "C" char | "T" | "F" | "Z" | type number
//   key    = "L" length text            count, length: 8 bytes
//   type   = "i" | "U" | "I" | "l" | "L" | "d" | "D"       all numbers most significant byte first
//
// Source: ubjson.org, draft 12; xgboost/src/common/json.cc, UBJWriter, for what is in use.
#pragma once

#include <optional>
#include <vector>

#include "brine/bytes.hpp"
#include "brine/limits.hpp"
#include "brine/snapshot.hpp"

namespace brine::tensor {

/// Lists the typed arrays in the value that stands at `offset`, their paths in it, and offsets in
/// `source`. Nothing where those bytes are no UBJSON to their end. Throws: limit, and what `source`
/// throws.
std::optional<std::vector<TensorInfo>> list_ubjson(const RandomSource& source, std::uint64_t offset,
                                                   std::uint64_t bytes, const Limits& limits);

}  // namespace brine::tensor
