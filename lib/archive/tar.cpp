#include "archive/tar.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "base/arithmetic.hpp"
#include "base/text.hpp"
#include "brine/error.hpp"

namespace brine::archive {
namespace {

constexpr std::size_t block_bytes = 512;
constexpr std::size_t checksum_at = 148;
constexpr std::size_t checksum_bytes = 8;
constexpr std::uint64_t longest_header = 1U << 20;  // of a long name, or of pax

[[noreturn]] void damaged(const std::string& what) {
  throw Error(Errc::corrupt, "the tar " + what);
}

std::string_view field(ByteView header, std::size_t at, std::size_t bytes) {
  const std::string_view text = text_of(header.subspan(at, bytes));
  return text.substr(0, text.find('\0'));
}

// Octal digits between blanks; or, where the first bit is set, base 256.
std::uint64_t number(ByteView header, std::size_t at, std::size_t bytes) {
  const ByteView raw = header.subspan(at, bytes);
  if ((raw[0] & std::byte{0x80}) != std::byte{}) {
    std::uint64_t value = std::to_integer<unsigned>(raw[0] & std::byte{0x7f});
    for (const std::byte each : raw.subspan(1)) {
      if (value >> 55 != 0) damaged(fmt::format("has a number at {} that is too large", at));
      value = value << 8 | std::to_integer<unsigned>(each);
    }
    return value;
  }
  std::string_view text = field(header, at, bytes);
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 8);
  if (error != std::errc{} || end != text.data() + text.size()) {
    damaged("has a header with a number that is none");
  }
  return value;
}

void require_checksum(ByteView header, std::uint64_t offset) {
  std::uint64_t sum = checksum_bytes * ' ';
  for (std::size_t i = 0; i < block_bytes; ++i) {
    const bool counts = i < checksum_at || i >= checksum_at + checksum_bytes;
    if (counts) sum += std::to_integer<unsigned>(header[i]);
  }
  if (sum != number(header, checksum_at, checksum_bytes)) {
    damaged(fmt::format("has a header at {} whose checksum does not hold", offset));
  }
}

// What an extended header says of the member behind it.
struct Extended {
  std::optional<std::string> name;
  std::optional<std::uint64_t> bytes;
};

// "LENGTH KEY=VALUE\n", the length counting all of it.
void read_pax(std::string_view records, Extended& extended) {
  while (!records.empty()) {
    std::size_t length = 0;
    const auto [end, error] =
        std::from_chars(records.data(), records.data() + records.size(), length);
    const auto digits = static_cast<std::size_t>(end - records.data());
    if (error != std::errc{} || length > records.size() || length < digits + 3 ||
        records[digits] != ' ' || records[length - 1] != '\n') {
      damaged("has an extended header that is damaged");
    }
    const std::string_view record = records.substr(digits + 1, length - digits - 2);
    const std::string_view key = record.substr(0, record.find('='));
    const std::string_view value = record.substr(std::min(key.size() + 1, record.size()));
    if (key.starts_with("GNU.sparse")) {
      throw Error(Errc::unsupported, "the tar has sparse files");
    }
    if (key == "path") extended.name = std::string(value);
    if (key == "size") {
      std::uint64_t bytes = 0;
      const auto [stop, problem] =
          std::from_chars(value.data(), value.data() + value.size(), bytes);
      if (problem != std::errc{} || stop != value.data() + value.size()) {
        damaged("has an extended header with a size that is none");
      }
      extended.bytes = bytes;
    }
    records.remove_prefix(length);
  }
}

class Walk {
 public:
  Walk(const RandomSource& tar, const Limits& limits) : tar_(tar), limits_(limits) {}

  std::vector<Member> run() {
    while (tar_.size() - offset_ >= block_bytes) {
      std::array<std::byte, block_bytes> header{};
      tar_.read_at(offset_, header);
      if (std::all_of(header.begin(), header.end(), [](std::byte b) { return b == std::byte{}; })) {
        return std::move(members_);
      }
      require_checksum(header, offset_);
      visit(header);
      // A million empty members are half a gigabyte of tar: the count of headers bounds itself.
      base::require_within(members_.size(), limits_.max_zip_members, "max_zip_members");
    }
    if (offset_ != tar_.size()) damaged("ends inside a header");
    return std::move(members_);
  }

 private:
  void visit(ByteView header) {
    const char type = text_of(header)[156];
    const bool is_member = std::string_view("LKxXg").find(type) == std::string_view::npos;
    std::uint64_t bytes = number(header, 124, 12);
    if (is_member && extended_.bytes) bytes = *extended_.bytes;
    const std::uint64_t data = offset_ + block_bytes;
    if (bytes > tar_.size() - data) {
      damaged(fmt::format("has {} reach over its end", base::printable(name_of(header))));
    }
    if (is_member) {
      add(header, type, data, bytes);
    } else if (type != 'K') {
      extend(type, data, bytes);
    }
    const std::uint64_t padding = (block_bytes - bytes % block_bytes) % block_bytes;
    if (padding > tar_.size() - data - bytes) damaged("ends inside a member");
    offset_ = data + bytes + padding;
  }

  void add(ByteView header, char type, std::uint64_t data, std::uint64_t bytes) {
    if (type == 'S') throw Error(Errc::unsupported, "the tar has sparse files");
    const std::string name = name_of(header);
    // Python's tarfile looks for the next header right behind these, whatever size they have.
    const bool has_none = (type >= '1' && type <= '6') || name.ends_with('/');
    if (has_none && bytes > 0) {
      damaged(fmt::format("has content behind {}, which is no file: readers disagree on it",
                          base::printable(name)));
    }
    const bool is_file = type == '0' || type == '\0' || type == '7';
    if (type != '5') {
      members_.push_back({.name = extended_.name.value_or(name),
                          .stored_bytes = bytes,
                          .bytes = bytes,
                          .offset = data,
                          .is_file = is_file});
    }
    extended_ = {};
  }

  void extend(char type, std::uint64_t data, std::uint64_t bytes) {
    base::require_within(bytes, longest_header, "bytes of an extended header of the tar");
    Bytes content(bytes);
    tar_.read_at(data, content);
    const std::string_view text = text_of(content);
    Extended found;
    if (type == 'L') {
      found.name = std::string(text.substr(0, text.find('\0')));
    } else {
      read_pax(text, found);
    }
    if (type == 'g' && (found.name || found.bytes)) {
      damaged("has a header with names or sizes of all members: readers disagree on it");
    }
    // Readers let the first or the last one count.
    if ((found.name && extended_.name) || (found.bytes && extended_.bytes)) {
      damaged("has extended headers, two of them with the name or size of one member");
    }
    if (found.name) extended_.name = std::move(found.name);
    if (found.bytes) extended_.bytes = found.bytes;
  }

  static std::string name_of(ByteView header) {
    const std::string_view name = field(header, 0, 100);
    const bool is_ustar = text_of(header).substr(257, 6) == std::string_view("ustar\0", 6);
    const std::string_view prefix = is_ustar ? field(header, 345, 155) : "";
    return prefix.empty() ? std::string(name) : fmt::format("{}/{}", prefix, name);
  }

  const RandomSource& tar_;
  const Limits& limits_;
  std::uint64_t offset_ = 0;
  Extended extended_;
  std::vector<Member> members_;
};

}  // namespace

std::vector<Member> read_tar(const RandomSource& tar, const Limits& limits) {
  return Walk(tar, limits).run();
}

std::string_view tar_format(const std::vector<Member>& members) {
  // Readers take the last of several members of one name, and follow links.
  constexpr std::array<std::string_view, 4> parts{"pickle", "storages", "tensors", "sys_info"};
  std::array<unsigned, parts.size()> counts{};
  for (const Member& member : members) {
    const auto part = std::find(parts.begin(), parts.end(), member.name);
    if (part == parts.end() || !member.is_file) return "tar";
    ++counts[static_cast<std::size_t>(part - parts.begin())];
  }
  const bool has_all = counts[0] == 1 && counts[1] == 1 && counts[2] == 1 && counts[3] <= 1;
  return has_all ? "torch-tar" : "tar";
}

}  // namespace brine::archive
