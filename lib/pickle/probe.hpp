// Whether bytes inside a pickle are worth a reading as a pickle of their own.
#pragma once

#include <string_view>

#include "brine/bytes.hpp"

namespace brine::pickle {

/// Whether `content` begins like a pickle: by PROTO, as all from protocol 2 on, or so that a symbol
/// with a name as picklers write it is met before the first opcode that does not exist.
bool may_be_pickle(ByteView content);

/// Whether `content` is a text, in any encoding of numpy's, that pandas takes for a time zone and
/// opens a file for.
bool may_name_zone(std::string_view content);

}  // namespace brine::pickle
