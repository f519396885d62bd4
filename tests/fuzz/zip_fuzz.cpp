// Any bytes as a zip: the reader of its directory neither crashes nor contradicts itself.
//
// What holds of every input: it is refused as corrupt or for a limit, or each member lies in the
// file and all of them together are no longer than it; a byte more behind the end makes it another
// file; the header of an array ends inside its member.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdlib>

#include "archive/npy.hpp"
#include "archive/zip.hpp"
#include "brine/error.hpp"
#include "io/file.hpp"

using namespace brine;
using archive::Member;

namespace {

constexpr Limits tight{.max_zip_members = 2};
constexpr std::array<std::string_view, 4> formats{"torch-zip", "torchscript", "npz", "zip"};

void require(bool holds, std::string_view what) {
  if (holds) return;
  fmt::print(stderr, "{}\n", what);
  std::abort();
}

std::optional<std::vector<Member>> members_of(ByteView bytes, const Limits& limits) {
  try {
    return archive::read_zip(io::MemoryFile(bytes), limits);
  } catch (const Error& error) {
    require(error.code() == Errc::corrupt || error.code() == Errc::limit, error.what());
    return std::nullopt;
  }
}

void check_array(const io::MemoryFile& file, const Member& member) {
  try {
    const auto header = archive::read_npy(file, member.offset, member.bytes);
    require(header.bytes <= member.bytes, "a header is longer than its member");
  } catch (const Error& error) {
    require(error.code() == Errc::corrupt, error.what());
  }
}

void check_members(ByteView bytes, const std::vector<Member>& members) {
  const io::MemoryFile file(bytes);
  std::uint64_t total = 0;
  for (const Member& member : members) {
    require(member.offset <= bytes.size() && member.stored_bytes <= bytes.size() - member.offset,
            "a member lies outside of the file");
    require(member.name.find('\0') == std::string::npos, "a name ends in several places");
    total += member.stored_bytes;
    if (member.method == 0) check_array(file, member);
  }
  require(total <= bytes.size(), "members overlap");
  const auto format = archive::zip_format(members);
  require(std::find(formats.begin(), formats.end(), format) != formats.end(), format);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView whole = std::as_bytes(std::span(data, size));
  const auto members = members_of(whole, {});
  const auto few = members_of(whole, tight);
  require(few.has_value() == (members && members->size() <= tight.max_zip_members),
          "a limit decides something else");
  if (!members) return 0;
  check_members(whole, *members);
  Bytes longer(whole.begin(), whole.end());
  longer.push_back(std::byte{'x'});
  require(!members_of(longer, {}), "a byte behind the end is not seen");
  return 0;
}
