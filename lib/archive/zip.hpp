// The directory of a zip, read without trusting it.
// Source: PKWARE APPNOTE 6.3.10, sections 4.3.7 (local header), 4.3.12 (central directory),
// 4.3.14-16 (end records), 4.5.3 (ZIP64 extra field).
#pragma once

#include <cstdint>
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

/// A part of a file.
struct Extent {
  std::uint64_t offset = 0;
  std::uint64_t bytes = 0;
};

/// Returns the zips that stand one behind the other in a file, as in those of torch's distributed
/// checkpoints, by their end records; most often one. Throws: corrupt, unless the file is nothing
/// else; limit (max_zip_members, which counts zips here).
std::vector<Extent> find_zips(const RandomSource& file, const Limits& limits);

/// What the members make of the zip: `torch-zip`, `torchscript`, `npz` or `zip`.
std::string_view zip_format(const std::vector<Member>& members);

}  // namespace brine::archive
