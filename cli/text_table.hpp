// Rows of text in columns that line up.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "terminal.hpp"

namespace brine::cli {

enum class Align : std::uint8_t { left, right };

struct Column {
  std::string_view title;
  Align align = Align::left;
};

/// Collects rows, then writes them below their titles. Cells are ASCII or short enough that it
/// does not matter: only the last column may hold names from outside.
class TextTable {
 public:
  explicit TextTable(std::vector<Column> columns) : columns_(std::move(columns)) {}

  /// Requires: one cell per column.
  void add(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }

  /// Columns that are empty in every row are left out; where two spaces between columns do not fit
  /// into `width`, one is put.
  std::string text(unsigned width, const Ink& ink) const;

 private:
  std::vector<std::size_t> widths() const;

  std::vector<Column> columns_;
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace brine::cli
