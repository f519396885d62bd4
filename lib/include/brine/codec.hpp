// Codecs by name: none, gzip, bzip2, xz, zstd, each with its levels.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "brine/version.hpp"

namespace brine {

/// Persistent: the values appear in the catalog and never change.
enum class CodecId : std::uint8_t { none = 0, gzip = 1, bzip2 = 2, xz = 3, zstd = 4 };

/// A codec and a level that its library has.
struct Codec {
  CodecId id = CodecId::zstd;
  int level = 3;
  friend bool operator==(const Codec&, const Codec&) = default;
};

/// What a codec offers.
struct CodecInfo {
  CodecId id;
  std::string_view name;     ///< as written in `--codec`
  std::string_view suffix;   ///< of a pack: `zst`, `gz`, `bz2`, `xz`, `bin`
  std::string_view tool;     ///< the stock command that decodes a pack to standard output
  int min_level;
  int max_level;
  int default_level;
};

/// Returns every codec, in the order of CodecId.
BRINE_API std::span<const CodecInfo> codecs() noexcept;

/// Returns the row of `id`.
BRINE_API const CodecInfo& info(CodecId id) noexcept;

/// Reads `NAME` or `NAME:LEVEL`, as in `zstd:19`.
/// Throws: usage, naming the closest codec or the range of levels.
BRINE_API Codec parse_codec(std::string_view text);

/// Writes what parse_codec reads; `none` has no level.
BRINE_API std::string to_string(const Codec& codec);

}  // namespace brine
