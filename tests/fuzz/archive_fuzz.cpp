// Any bytes as a zip, a tar and an array: their readers neither crash nor contradict themselves.
//
// What holds of every input: it is refused as what it is not, or each member lies in the file and
// all of them together are no longer than it; a byte more behind the end of a zip makes it another
// file; the header of an array ends inside its member. Headers of a tar are read once as they are
// and once with checksums that hold: no mutation hits upon those.
#include <algorithm>
#include <array>
#include <optional>

#include "archive/npy.hpp"
#include "archive/tar.hpp"
#include "archive/zip.hpp"
#include "fuzz/fuzz.hpp"
#include "fuzz/sealed.hpp"
#include "io/file.hpp"

using namespace brine;
using namespace brine::fuzz;
using archive::Member;

namespace {

constexpr std::array<std::string_view, 4> zip_formats{"torch-zip", "torchscript", "npz", "zip"};

template <typename Read>
std::optional<std::vector<Member>> members_of(ByteView bytes, const Limits& limits, Read read) {
  try {
    return read(io::MemoryFile(bytes), limits);
  } catch (const Error& error) {
    require(is_of_input(error), error.what());
    return std::nullopt;
  }
}

template <typename Read>
std::optional<std::vector<Member>> members_in_bounds(ByteView bytes, Read read) {
  auto members = members_of(bytes, roomy, read);
  const auto few = members_of(bytes, tight, read);
  require(few.has_value() == (members && members->size() <= tight.max_zip_members),
          "a limit decides something else");
  return members;
}

void check_array(const RandomSource& file, std::uint64_t offset, std::uint64_t bytes) {
  try {
    const auto header = archive::read_npy(file, offset, bytes);
    require(header.bytes <= bytes, "a header is longer than its member");
  } catch (const Error& error) {
    require(error.code() == Errc::corrupt, error.what());
  }
}

void check_place(ByteView file, std::uint64_t offset, std::uint64_t bytes) {
  require(offset <= file.size() && bytes <= file.size() - offset,
          "a member lies outside of the file");
}

void check_zip(ByteView bytes) {
  const auto members = members_in_bounds(bytes, archive::read_zip);
  if (!members) return;
  const io::MemoryFile file(bytes);
  std::uint64_t total = 0;
  for (const Member& member : *members) {
    check_place(bytes, member.offset, member.stored_bytes);
    require(member.name.find('\0') == std::string::npos, "a name ends in several places");
    total += member.stored_bytes;
    if (member.method == 0) check_array(file, member.offset, member.bytes);
  }
  require(total <= bytes.size(), "members overlap");
  const auto format = archive::zip_format(*members);
  require(std::find(zip_formats.begin(), zip_formats.end(), format) != zip_formats.end(), format);
  Bytes longer(bytes.begin(), bytes.end());
  longer.push_back(std::byte{'x'});
  require(!members_of(longer, roomy, archive::read_zip), "a byte behind the end is not seen");
}

void check_tar(ByteView bytes) {
  const auto members = members_in_bounds(bytes, archive::read_tar);
  if (!members) return;
  const io::MemoryFile file(bytes);
  std::uint64_t end = 0;
  for (const Member& member : *members) {
    check_place(bytes, member.offset, member.bytes);
    require(member.offset >= end, "members overlap");
    end = member.offset + member.bytes;
    check_array(file, member.offset, member.bytes);
  }
  const auto format = archive::tar_format(*members);
  require(format == "tar" || format == "torch-tar", format);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView whole = view(data, size);
  check_zip(whole);
  check_tar(whole);
  check_array(io::MemoryFile(whole), 0, size);
  if (const auto tar = sealed(whole)) check_tar(*tar);
  return 0;
}
