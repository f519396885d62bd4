// What the fuzz targets share.
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <cstdlib>
#include <span>
#include <string>
#include <string_view>

#include "brine/bytes.hpp"
#include "brine/error.hpp"
#include "brine/limits.hpp"

namespace brine::fuzz {

/// Lets nearly every small input through, and keeps any of them within a second and 200 MiB: the
/// defaults suit checkpoints of gigabytes.
inline constexpr Limits roomy{.max_opcodes = 1 << 16,
                              .max_memo_entries = 1 << 16,
                              .max_text_bytes = 1 << 20,
                              .max_nodes = 1 << 16,
                              .max_stack_depth = 1 << 16,
                              .max_line_bytes = 1 << 18,
                              .max_symbols = 1000,
                              .max_pickles = 1000,
                              .max_payload_bytes = 1 << 20,
                              .max_unfolded_bytes = 1 << 20,
                              .max_json_bytes = 1 << 20,
                              .max_decoder_bytes = 16 << 20,
                              .max_zip_members = 1000};

/// Small, so that inputs of a few hundred bytes reach them.
inline constexpr Limits tight{.max_opcodes = 1 << 16,
                              .max_memo_entries = 2000,
                              .max_text_bytes = 4096,
                              .max_nodes = 500,
                              .max_stack_depth = 200,
                              .max_name_bytes = 300,
                              .max_line_bytes = 300,
                              .max_symbols = 20,
                              .max_pickles = 3,
                              .max_payload_bytes = 1 << 16,
                              .max_unfolded_bytes = 2000,
                              .max_json_bytes = 1000,
                              .max_decoder_bytes = 1 << 20,
                              .max_zip_members = 2};

inline void require(bool holds, std::string_view what) {
  if (holds) return;
  fmt::print(stderr, "{}\n", what);
  std::abort();
}

/// Whether `error` says that the input is at fault.
inline bool is_of_input(const Error& error) {
  return error.code() == Errc::corrupt || error.code() == Errc::limit ||
         error.code() == Errc::unsupported;
}

inline ByteView view(const std::uint8_t* data, std::size_t size) {
  return std::as_bytes(std::span(data, size));
}

struct Text final : Sink {
  std::string text;
  void write(ByteView bytes) override { text += text_of(bytes); }
};

}  // namespace brine::fuzz
