#include "archive/format.hpp"

#include <array>
#include <cstring>

namespace brine::archive {
namespace {

using namespace std::string_view_literals;

struct Magic {
  Format format;
  std::size_t offset;
  std::string_view bytes;
};

// No pickle begins with any of these: the second byte is no opcode after the first, or, for
// bzip2, the block magic stands where BINBYTES has its length.
constexpr std::array magics{
    Magic{Format::zip, 0, "PK\x03\x04"sv},
    Magic{Format::zip, 0, "PK\x05\x06"sv},  // an empty one
    Magic{Format::torch_legacy, 0, "\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19."sv},
    Magic{Format::npy, 0, "\x93NUMPY"sv},
    Magic{Format::tar, 257, "ustar"sv},
    Magic{Format::gzip, 0, "\x1f\x8b"sv},
    Magic{Format::bzip2, 4, "1AY&SY"sv},
    Magic{Format::bzip2, 4, "\x17\x72\x45\x38\x50\x90"sv},  // an empty one
    Magic{Format::xz, 0, "\xfd\x37zXZ\0"sv},
    Magic{Format::zstd, 0, "\x28\xb5\x2f\xfd"sv},
    Magic{Format::lzma, 0, "\x5d\0\0"sv},
    Magic{Format::lz4, 0, "\x04\x22\x4d\x18"sv},
    Magic{Format::zfile, 0, "ZF0x"sv},
};

bool is_zlib(std::string_view head) {
  if (head.size() < 2 || head[0] != '\x78') return false;
  return (static_cast<unsigned char>(head[0]) * 256U + static_cast<unsigned char>(head[1])) % 31 ==
         0;
}

}  // namespace

Format sniff(ByteView head) noexcept {
  const std::string_view text = text_of(head);
  for (const Magic& magic : magics) {
    if (text.size() >= magic.offset + magic.bytes.size() &&
        std::memcmp(text.data() + magic.offset, magic.bytes.data(), magic.bytes.size()) == 0) {
      if (magic.format == Format::bzip2 && !text.starts_with("BZh")) continue;
      return magic.format;
    }
  }
  return is_zlib(text) ? Format::zlib : Format::pickle;
}

bool is_tar_header(ByteView head) noexcept {
  constexpr std::size_t checksum_at = 148;
  constexpr std::size_t checksum_bytes = 8;
  if (head.size() < sniff_bytes) return false;
  std::int64_t as_unsigned = checksum_bytes * ' ';
  std::int64_t as_signed = as_unsigned;
  for (std::size_t i = 0; i < sniff_bytes; ++i) {
    if (i >= checksum_at && i < checksum_at + checksum_bytes) continue;
    as_unsigned += std::to_integer<std::uint8_t>(head[i]);
    as_signed += static_cast<std::int8_t>(head[i]);
  }
  const ByteView field = head.subspan(checksum_at, checksum_bytes);
  std::int64_t told = 0;
  if (std::to_integer<unsigned>(field[0]) >= 0x80) {  // base 256
    for (const std::byte each : field.subspan(1)) told = told * 256 + std::to_integer<int>(each);
  } else {
    // tarfile takes what Python takes for an octal number: with blanks, a sign, underscores, `0o`.
    for (const char c : text_of(field)) {
      if (c == '\0') break;
      if (c >= '0' && c <= '7') told = told * 8 + (c - '0');
    }
  }
  return told == as_unsigned || told == as_signed;
}

std::string_view to_string(Format format) noexcept {
  switch (format) {
    case Format::pickle:
      return "pickle";
    case Format::torch_legacy:
      return "torch-legacy";
    case Format::zip:
      return "zip";
    case Format::npy:
      return "npy";
    case Format::tar:
      return "tar";
    case Format::gzip:
      return "gzip";
    case Format::bzip2:
      return "bzip2";
    case Format::xz:
      return "xz";
    case Format::zstd:
      return "zstd";
    case Format::lzma:
      return "lzma";
    case Format::zlib:
      return "zlib";
    case Format::lz4:
      return "lz4";
    case Format::zfile:
      return "zfile";
  }
  return "unknown";
}

}  // namespace brine::archive
