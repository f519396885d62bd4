// The members of a tar, read without trusting it.
// Source: POSIX.1-2017, pax, "ustar Interchange Format" and "pax Header Block"; GNU tar's manual,
// "Basic Tar Format" (long names, sizes in base 256).
#pragma once

#include <string_view>
#include <vector>

#include "archive/member.hpp"
#include "brine/bytes.hpp"
#include "brine/limits.hpp"

namespace brine::archive {

/// Returns files and links, in their order; directories are passed over.
/// Throws: corrupt when a header is damaged, or a member reaches over the end; unsupported for
/// sparse files; limit (max_zip_members, which counts here too).
std::vector<Member> read_tar(const RandomSource& tar, const Limits& limits);

/// What the members make of the tar: `torch-tar`, of torch before 0.1.10, which has its own members
/// once each and no other, or `tar`.
std::string_view tar_format(const std::vector<Member>& members);

}  // namespace brine::archive
