// Distinct short texts, numbered. Holds each once, in pieces that never move.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

namespace brine::pickle {

/// Numbers texts in the order they come. Lifetime: views are valid as long as the table.
class TextTable {
 public:
  /// `max_bytes`: for all of it, at most 1 GiB, so that places in it take 32 bits.
  explicit TextTable(std::uint64_t max_bytes)
      : max_bytes_(std::min<std::uint64_t>(max_bytes, 1ULL << 30)) {}

  /// Returns the number of `text`, the old one if it is known; nothing when the table is full, or
  /// when many texts collide.
  std::optional<std::uint32_t> number(std::string_view text);
  std::string_view text(std::uint32_t number) const;
  std::size_t size() const noexcept { return rows_.size(); }
  std::uint64_t bytes() const noexcept { return bytes_; }

 private:
  struct Row {
    std::uint32_t begin = 0;  // counted over all pieces
    std::uint32_t bytes = 0;
  };
  struct Slot {
    std::uint32_t row = 0;  // its number + 1
    std::uint32_t key = 0;  // hash of the text
  };

  void keep(std::string_view text);
  void grow();

  std::uint64_t max_bytes_;
  std::uint64_t bytes_ = 0;  // content, rows and slots together
  std::vector<Row> rows_;
  std::vector<Slot> slots_;  // open addressing, at most three quarters full
  std::vector<std::unique_ptr<char[]>> pieces_;
  std::uint32_t used_ = 0;  // where the next text goes
};

}  // namespace brine::pickle
