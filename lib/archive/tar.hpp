// The members of a tar, read without trusting it.
// Source: POSIX.1-2017, pax, "ustar Interchange Format" and "pax Header Block"; GNU tar's manual,
// "Basic Tar Format" (long names, sizes in base 256).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "brine/bytes.hpp"
#include "brine/limits.hpp"

namespace brine::archive {

struct TarMember {
  std::string name;
  std::uint64_t offset = 0;  ///< of the data, in the tar
  std::uint64_t bytes = 0;
  bool is_file = true;  ///< else a link, or a device
};

/// Returns files and links, in their order; directories are passed over.
/// Throws: corrupt when a header is damaged, or a member reaches over the end; unsupported for
/// sparse files; limit (max_zip_members, which counts here too).
std::vector<TarMember> read_tar(const RandomSource& tar, const Limits& limits);

/// What the members make of the tar: `torch-tar`, of torch before 0.1.10, which has its own members
/// once each and no other, or `tar`.
std::string_view tar_format(const std::vector<TarMember>& members);

}  // namespace brine::archive
