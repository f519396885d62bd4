// The directory of a zip, read without trusting it.
// Source: PKWARE APPNOTE 6.3.10, sections 4.3.7 (local header), 4.3.12 (central directory),
// 4.3.14-16 (end records), 4.5.3 (ZIP64 extra field).
#pragma once

#include <string_view>
#include <vector>

#include "archive/member.hpp"
#include "brine/bytes.hpp"
#include "brine/limits.hpp"

namespace brine::archive {

/// Returns the members in the order of the central directory.
/// Throws: corrupt when the directory is missing, points outside the file, or contradicts a local
/// header (two readers would see two different files); limit.
std::vector<Member> read_zip(const RandomSource& zip, const Limits& limits);

/// What the members make of the zip: `torch-zip`, `torchscript`, `npz` or `zip`.
std::string_view zip_format(const std::vector<Member>& members);

}  // namespace brine::archive
