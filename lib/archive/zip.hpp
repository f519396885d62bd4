// The directory of a zip, read without trusting it.
// Source: PKWARE APPNOTE 6.3.10, sections 4.3.7 (local header), 4.3.12 (central directory),
// 4.3.14-16 (end records), 4.5.3 (ZIP64 extra field).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "brine/bytes.hpp"
#include "brine/limits.hpp"

namespace brine::archive {

/// What WinZip writes for a method where a member is encrypted, and what is told of all such
/// members.
inline constexpr std::uint16_t encrypted_method = 99;

struct ZipMember {
  std::string name;
  std::uint16_t method = 0;  ///< 0: stored, 8: deflated; `encrypted_method` whatever is below it
  std::uint64_t stored_bytes = 0;
  std::uint64_t bytes = 0;
  std::uint64_t offset = 0;  ///< of the data, in the zip
};

/// Returns the members in the order of the central directory.
/// Throws: corrupt when the directory is missing, points outside the file, or contradicts a local
/// header (two readers would see two different files); limit.
std::vector<ZipMember> read_zip(const RandomSource& zip, const Limits& limits);

/// Returns why a member of another method than 0 and 8 cannot be read: one phrase.
std::string unreadable(const ZipMember& member);

/// What the members make of the zip: `torch-zip`, `torchscript`, `npz` or `zip`.
std::string_view zip_format(const std::vector<ZipMember>& members);

}  // namespace brine::archive
