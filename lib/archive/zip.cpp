#include "archive/zip.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "base/arithmetic.hpp"
#include "base/text.hpp"
#include "brine/error.hpp"

namespace brine::archive {
namespace {

constexpr std::uint32_t local_signature = 0x04034b50;
constexpr std::uint32_t central_signature = 0x02014b50;
constexpr std::uint32_t end_signature = 0x06054b50;
constexpr std::uint32_t end64_signature = 0x06064b50;
constexpr std::uint32_t locator64_signature = 0x07064b50;
constexpr std::size_t local_bytes = 30;
constexpr std::size_t central_bytes = 46;
constexpr std::size_t end_bytes = 22;
constexpr std::size_t end64_bytes = 56;
constexpr std::size_t locator64_bytes = 20;
constexpr std::size_t longest_comment = 65535;
constexpr std::uint64_t in_zip64 = 0xffffffff;  // a 32-bit field that says: see the wide one
constexpr std::uint64_t count_in_zip64 = 0xffff;
// Far beyond real ones: a torch zip of 10,000 tensors has a directory of 1 MiB.
constexpr std::uint64_t max_directory_bytes = 256ULL << 20;

[[noreturn]] void damaged(const std::string& what) {
  throw Error(Errc::corrupt, "the zip " + what);
}

Bytes read(const RandomSource& zip, std::uint64_t offset, std::uint64_t count, const char* what) {
  if (offset > zip.size() || count > zip.size() - offset) {
    damaged(fmt::format("has its {} at {}, outside its {} bytes", what, offset, zip.size()));
  }
  Bytes bytes(count);
  zip.read_at(offset, bytes);
  return bytes;
}

std::uint64_t field(ByteView record, std::size_t at, std::size_t width) {
  return base::little_endian(record.data() + at, width);
}

struct Directory {
  std::uint64_t offset = 0;
  std::uint64_t bytes = 0;
  std::uint64_t members = 0;
};

// Readers search from the back, and not all of them look at the comment's length: a second record
// inside a comment would be the end for some of them.
std::uint64_t find_end(ByteView tail) {
  std::optional<std::uint64_t> end;
  for (std::size_t at = tail.size() - end_bytes + 1; at-- > 0;) {
    if (field(tail, at, 4) != end_signature) continue;
    const bool reaches_end = field(tail, at + 20, 2) == tail.size() - at - end_bytes;
    if (end && reaches_end) damaged("has two end records");
    if (end) continue;
    if (!reaches_end) damaged("has bytes behind its end record");
    end = at;
  }
  if (!end) damaged("has no end record: it is truncated");
  return *end;
}

// The wide number, which a narrow one that is no placeholder must not contradict.
std::uint64_t agreed(std::uint64_t narrow, std::uint64_t placeholder, std::uint64_t wide) {
  if (narrow != placeholder && narrow != wide) {
    damaged(fmt::format("says {} in its end record and {} in the ZIP64 one", narrow, wide));
  }
  return wide;
}

// The last zip of a file. All its offsets count from its begin.
struct Last {
  Directory directory;
  std::uint64_t begin = 0;
};

// Some readers find the directory by its offset, others by its length before the end record: where
// both are right, the zip begins at one place only.
Last last_with(const Directory& directory, std::uint64_t end) {
  const std::uint64_t bytes =
      base::checked_add(directory.offset, directory.bytes, "the zip's directory");
  if (bytes > end) {
    damaged(
        fmt::format("has a directory of {} bytes at {} that does not end where its end record "
                    "begins, at {}",
                    directory.bytes, directory.offset, end));
  }
  return {directory, end - bytes};
}

// `at`: of the end record in `file`.
Last find_last(const RandomSource& file, std::uint64_t at) {
  const Bytes end = read(file, at, end_bytes, "end record");
  const Directory narrow{field(end, 16, 4), field(end, 12, 4), field(end, 10, 2)};
  if (at < locator64_bytes + end64_bytes) return last_with(narrow, at);
  const std::uint64_t locator_offset = at - locator64_bytes;
  const Bytes locator = read(file, locator_offset, locator64_bytes, "ZIP64 locator");
  if (field(locator, 0, 4) != locator64_signature) return last_with(narrow, at);
  const std::uint64_t end64_offset = locator_offset - end64_bytes;
  const Bytes end64 = read(file, end64_offset, end64_bytes, "ZIP64 end record");
  const Last last = last_with({agreed(narrow.offset, in_zip64, field(end64, 48, 8)),
                               agreed(narrow.bytes, in_zip64, field(end64, 40, 8)),
                               agreed(narrow.members, count_in_zip64, field(end64, 32, 8))},
                              end64_offset);
  if (field(locator, 8, 8) != end64_offset - last.begin || field(end64, 0, 4) != end64_signature) {
    damaged("has no ZIP64 end record where it says");
  }
  return last;
}

Last find_last(const RandomSource& file) {
  if (file.size() < end_bytes) damaged("is too short: it is truncated");
  const std::uint64_t bytes = std::min<std::uint64_t>(file.size(), end_bytes + longest_comment);
  const std::uint64_t offset = file.size() - bytes;
  return find_last(file, offset + find_end(read(file, offset, bytes, "end record")));
}

Directory find_directory(const RandomSource& zip) {
  const Last last = find_last(zip);
  if (last.begin > 0) {
    damaged(fmt::format("begins at {}, by where its end record says that its directory is",
                        last.begin));
  }
  return last.directory;
}

// A 32-bit field of all ones means: see the ZIP64 extra field, in a fixed order.
void widen(Member& member, std::uint64_t& header, ByteView extra) {
  while (extra.size() >= 4) {
    const std::uint64_t id = field(extra, 0, 2);
    const std::uint64_t size = field(extra, 2, 2);
    if (size > extra.size() - 4) damaged("has an extra field that overruns its record");
    ByteView values = extra.subspan(4, size);
    extra = extra.subspan(4 + size);
    if (id != 1) continue;
    for (std::uint64_t* value : {&member.bytes, &member.stored_bytes, &header}) {
      if (*value != in_zip64) continue;
      if (values.size() < 8) damaged("has a ZIP64 extra field that is too short");
      *value = field(values, 0, 8);
      values = values.subspan(8);
    }
  }
}

bool is_encrypted(std::uint64_t flags) { return (flags & 1) != 0; }

// One read for header, name and front: of a large zip, most of the time goes into these.
void read_local(const RandomSource& zip, const Member& member, std::uint64_t header, Bytes& local) {
  constexpr std::uint64_t longest_padding = 128;  // torch aligns data to 64 by an extra field
  const std::uint64_t wanted =
      local_bytes + member.name.size() + longest_padding + member.front.size();
  const std::uint64_t available = header > zip.size() ? 0 : zip.size() - header;
  if (available < local_bytes) {
    damaged(fmt::format("has its local header at {}, outside its {} bytes", header, zip.size()));
  }
  local.resize(std::min(wanted, available));
  zip.read_at(header, local);
}

std::string_view name_in(ByteView local, std::uint64_t bytes) {
  return text_of(local.subspan(local_bytes)).substr(0, bytes);
}

void keep_front(Member& member, std::uint64_t header, ByteView local) {
  const std::uint64_t begin = member.offset - header;
  const std::uint64_t count = std::min<std::uint64_t>(member.front.size(), member.stored_bytes);
  if (begin > local.size() || count > local.size() - begin) return;
  std::copy_n(local.begin() + static_cast<std::ptrdiff_t>(begin), count, member.front.begin());
  member.front_bytes = static_cast<std::uint8_t>(count);
}

void find_data(const RandomSource& zip, Member& member, std::uint64_t header, Bytes& local) {
  read_local(zip, member, header, local);
  if (field(local, 0, 4) != local_signature) {
    damaged(fmt::format("has no local header for {} at {}", base::printable(member.name), header));
  }
  const std::uint64_t name_bytes = field(local, 26, 2);
  const bool is_same = name_bytes == member.name.size() &&
                       name_in(local, name_bytes) == member.name &&
                       field(local, 8, 2) == member.method;
  if (!is_same) {
    const Bytes name = read(zip, header + local_bytes, name_bytes, "local name");
    damaged(fmt::format("calls a member {} in its directory and {} where it stands",
                        base::printable(member.name), base::printable(text_of(name))));
  }
  member.offset = header + local_bytes + name_bytes + field(local, 28, 2);
  if (member.offset > zip.size() || member.stored_bytes > zip.size() - member.offset) {
    damaged(fmt::format("has {} reach beyond its end", base::printable(member.name)));
  }
  member.is_encrypted |= is_encrypted(field(local, 6, 2));
  keep_front(member, header, local);
  if (member.method == 0 && member.bytes != member.stored_bytes) {
    damaged(fmt::format("stores {} with two lengths", base::printable(member.name)));
  }
}

// Takes the next entry off the front of the directory. `local` is room that the next one uses
// again.
Member take_entry(const RandomSource& zip, ByteView& rest, Bytes& local) {
  const std::uint64_t name = field(rest, 28, 2);
  const std::uint64_t extra = field(rest, 30, 2);
  const std::uint64_t whole = central_bytes + name + extra + field(rest, 32, 2);
  if (whole > rest.size()) damaged("has a directory that is cut short");
  Member member{.name = std::string(text_of(rest.subspan(central_bytes, name))),
                .method = static_cast<std::uint16_t>(field(rest, 10, 2)),
                .stored_bytes = field(rest, 20, 4),
                .bytes = field(rest, 24, 4),
                .is_encrypted = is_encrypted(field(rest, 8, 2))};
  // Readers that are written in C end the name there.
  if (member.name.find('\0') != std::string::npos) damaged("has a NUL in a name");
  std::uint64_t header = field(rest, 42, 4);
  widen(member, header, rest.subspan(central_bytes + name, extra));
  find_data(zip, member, header, local);
  rest = rest.subspan(whole);
  return member;
}

}  // namespace

std::vector<Member> read_zip(const RandomSource& zip, const Limits& limits) {
  const Directory directory = find_directory(zip);
  base::require_within(directory.members, limits.max_zip_members, "max_zip_members");
  base::require_within(directory.bytes, max_directory_bytes, "bytes of the zip directory");
  const Bytes bytes = read(zip, directory.offset, directory.bytes, "directory");
  ByteView rest = bytes;
  std::vector<Member> members;
  std::uint64_t data_bytes = 0;
  Bytes local;
  for (std::uint64_t i = 0; i < directory.members; ++i) {
    if (rest.size() < central_bytes || field(rest, 0, 4) != central_signature) {
      damaged(fmt::format("has {} members by its end record and {} in its directory",
                          directory.members, i));
    }
    members.push_back(take_entry(zip, rest, local));
    data_bytes += members.back().stored_bytes;
    if (data_bytes > zip.size()) damaged("has members that overlap");
  }
  if (!rest.empty()) {
    damaged(fmt::format("has {} members by its end record and more in its directory",
                        directory.members));
  }
  return members;
}

std::vector<Extent> find_zips(const RandomSource& file, const Limits& limits) {
  const Last last = find_last(file);
  std::vector<Extent> zips{{last.begin, file.size() - last.begin}};
  while (zips.back().offset > 0) {
    base::require_within(zips.size() + 1, limits.max_zip_members, "max_zip_members");
    // Without a comment, or whatever stands before could be one.
    const std::uint64_t end = zips.back().offset;
    const bool has_record = end >= end_bytes && field(read(file, end - end_bytes, 4, "end record"),
                                                      0, 4) == end_signature;
    if (!has_record) damaged(fmt::format("that begins at {} has other bytes before it", end));
    const std::uint64_t begin = find_last(file, end - end_bytes).begin;
    zips.push_back({begin, end - begin});
  }
  std::reverse(zips.begin(), zips.end());
  return zips;
}

std::string_view zip_format(const std::vector<Member>& members) {
  const auto any = [&](std::string_view end) {
    return std::any_of(members.begin(), members.end(),
                       [&](const Member& member) { return member.name.ends_with(end); });
  };
  if (any("/constants.pkl")) return "torchscript";
  if (any("/data.pkl") && any("/version")) return "torch-zip";
  const bool all_npy = std::all_of(members.begin(), members.end(), [](const Member& member) {
    return member.name.ends_with(".npy");
  });
  return all_npy && !members.empty() ? "npz" : "zip";
}

}  // namespace brine::archive
