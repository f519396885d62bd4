// A file inside a container.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

namespace brine::archive {

struct Member {
  std::string name;
  std::uint16_t method = 0;  ///< as in a zip: 0 is stored, 8 deflated
  std::uint64_t stored_bytes = 0;
  std::uint64_t bytes = 0;
  std::uint64_t offset = 0;  ///< of the data, in the container
  /// The first bytes of the data as they are stored, where they were read on the way to it.
  std::array<std::byte, 8> front{};
  std::uint8_t front_bytes = 0;
  bool is_file = true;        ///< else a link or a device, of a tar
  bool is_encrypted = false;  ///< says a flag, which torch does not heed
};

inline constexpr std::uint16_t stored = 0;
inline constexpr std::uint16_t deflated = 8;

}  // namespace brine::archive
