// Rows of text in columns that line up.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "terminal.hpp"

namespace brine::cli {

enum class Align : std::uint8_t { left, right };
/// Which columns are left out where there is no room: those of the last three, in this order.
enum class Keep : std::uint8_t { always, where_it_fits, unless_narrow, at_last };

/// Which end of a cell is left out where it is shortened.
enum class Cut : std::uint8_t { back, front };

struct Column {
  std::string_view title;
  Align align = Align::left;
  Keep keep = Keep::always;
  Cut cut = Cut::back;
  std::size_t least = 0;  ///< columns of one that may be shortened; 0: it may not
};

/// Collects rows, then writes them below their titles.
class TextTable {
 public:
  explicit TextTable(std::vector<Column> columns) : columns_(std::move(columns)) {}

  /// Requires: one cell per column.
  void add(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }

  /// Columns that are empty in every row are left out. Where the rest does not fit into `width`,
  /// there is one space between columns instead of two, then `...` in columns that may be
  /// shortened, the last one first, and then there are fewer columns.
  std::string text(unsigned width, const Ink& ink) const;

 private:
  /// Returns the width of each column; 0: it is left out.
  std::vector<std::size_t> widths() const;
  std::vector<std::size_t> widths_within(unsigned width) const;
  /// Makes columns narrower that may be shortened.
  void shrink(std::vector<std::size_t>& columns, unsigned width) const;

  std::vector<Column> columns_;
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace brine::cli
