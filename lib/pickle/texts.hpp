// Distinct short texts, numbered. Holds each once, in pieces that never move.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

namespace brine::pickle {

/// Numbers texts in the order they come. Lifetime: views are valid as long as the table.
class TextTable {
 public:
  explicit TextTable(std::uint64_t max_bytes) : max_bytes_(max_bytes) {}

  /// Returns the number of `text`, the old one if it is known; nothing when the table is
  /// full, or when many texts collide.
  std::optional<std::uint32_t> number(std::string_view text);
  std::string_view text(std::uint32_t number) const { return texts_[number]; }
  std::size_t size() const noexcept { return texts_.size(); }
  std::uint64_t bytes() const noexcept { return bytes_; }

 private:
  std::string_view keep(std::string_view text);
  void grow();

  std::uint64_t max_bytes_;
  std::uint64_t bytes_ = 0;  // content, entry and slots together
  std::vector<std::string_view> texts_;
  std::vector<std::uint32_t> slots_;  // number + 1, open addressing, at most half full
  std::vector<std::unique_ptr<char[]>> pieces_;
  std::size_t piece_used_ = 0;
};

}  // namespace brine::pickle
