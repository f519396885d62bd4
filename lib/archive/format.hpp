// What a payload is, told by its first bytes.
#pragma once

#include <cstdint>
#include <string_view>

#include "brine/bytes.hpp"

namespace brine::archive {

enum class Format : std::uint8_t {
  pickle,  ///< also what has no magic number of its own: only reading on will tell
  torch_legacy,
  zip,
  npy,
  tar,
  gzip,
  bzip2,
  xz,
  zstd,
  lzma,  ///< the older single-stream format of xz
  zlib,
  lz4,
  zfile,  ///< joblib up to 0.9.3: `ZF`, a length in hex, a zlib stream
};

/// Bytes that sniff() wants to see, where the payload has as many.
inline constexpr std::size_t sniff_bytes = 512;

Format sniff(ByteView head) noexcept;

/// Whether the first 512 bytes are the header of a tar for readers that ask its checksum only, as
/// Python's tarfile does. Such a file may have another format besides.
bool is_tar_header(ByteView head) noexcept;

/// The name in reports and manifests.
std::string_view to_string(Format format) noexcept;

/// The rows of an ordinary torch legacy file that are pickles: magic number, protocol, system
/// information, the object, the keys of its storages. Raw storages follow.
inline constexpr std::uint64_t torch_legacy_pickles = 5;

}  // namespace brine::archive
