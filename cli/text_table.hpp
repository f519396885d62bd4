// Rows of text in columns that line up.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "terminal.hpp"

namespace brine::cli {

enum class Align : std::uint8_t { left, right };
/// What happens to a column where there is no room, in the order in which it is tried.
enum class Keep : std::uint8_t { always, shortened, where_it_fits, unless_narrow };

struct Column {
  std::string_view title;
  Align align = Align::left;
  Keep keep = Keep::always;
};

/// Collects rows, then writes them below their titles. Cells are ASCII or short enough that it
/// does not matter: only the last column may hold names from outside.
class TextTable {
 public:
  explicit TextTable(std::vector<Column> columns) : columns_(std::move(columns)) {}

  /// Requires: one cell per column.
  void add(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }

  /// Columns that are empty in every row are left out. Where the rest does not fit into `width`,
  /// there is one space between columns instead of two, then `...` in columns that may be
  /// shortened, the last one first, and then fewer columns.
  std::string text(unsigned width, const Ink& ink) const;

 private:
  /// Returns the width of each column; 0: it is left out.
  std::vector<std::size_t> widths() const;
  std::vector<std::size_t> widths_within(unsigned width) const;

  std::vector<Column> columns_;
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace brine::cli
