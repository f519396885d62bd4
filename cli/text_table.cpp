#include "text_table.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "wrap.hpp"

namespace brine::cli {
namespace {

bool continues_character(char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }

constexpr std::string_view dots = "...";

std::string shortened(std::string_view cell, std::size_t width, Cut cut) {
  if (columns_of(cell) <= width) return std::string(cell);
  const std::size_t most = width - dots.size();
  if (cut == Cut::back) {
    while (columns_of(cell) > most) {
      while (continues_character(cell.back())) cell.remove_suffix(1);
      cell.remove_suffix(1);
    }
    return fmt::format("{}{}", cell, dots);
  }
  while (columns_of(cell) > most || continues_character(cell.front())) cell.remove_prefix(1);
  return fmt::format("{}{}", dots, cell);
}

void append_cell(std::string& line, std::string_view whole, std::size_t width,
                 const Column& column) {
  const std::string cell = shortened(whole, width, column.cut);
  const std::string blanks(width - columns_of(cell), ' ');
  line += column.align == Align::right ? blanks + cell : cell + blanks;
}

std::size_t total_of(const std::vector<std::size_t>& widths, std::size_t gap) {
  std::size_t total = 0;
  for (const std::size_t width : widths) total += width == 0 ? 0 : width + gap;
  return total == 0 ? 0 : total - gap;
}

std::string without_trailing_spaces(std::string line) {
  line.erase(line.find_last_not_of(' ') + 1);
  return line;
}

}  // namespace

std::vector<std::size_t> TextTable::widths() const {
  std::vector<std::size_t> widths(columns_.size(), 0);
  for (const auto& row : rows_) {
    for (std::size_t i = 0; i < widths.size(); ++i)
      widths[i] = std::max(widths[i], columns_of(row[i]));
  }
  for (std::size_t i = 0; i < widths.size(); ++i) {
    if (widths[i] > 0) widths[i] = std::max(widths[i], columns_[i].title.size());
  }
  return widths;
}

void TextTable::shrink(std::vector<std::size_t>& columns, unsigned width) const {
  for (std::size_t i = columns.size(); i-- > 0 && total_of(columns, 1) > width;) {
    const std::size_t least = std::max(columns_[i].least, columns_[i].title.size());
    if (columns_[i].least == 0 || columns[i] <= least) continue;
    const std::size_t excess = total_of(columns, 1) - width;
    columns[i] = std::max(columns[i] - std::min(excess, columns[i]), least);
  }
}

std::vector<std::size_t> TextTable::widths_within(unsigned width) const {
  std::vector<std::size_t> whole = widths();
  std::vector<std::size_t> columns = whole;
  shrink(columns, width);
  for (const Keep keep : {Keep::where_it_fits, Keep::unless_narrow, Keep::at_last}) {
    for (std::size_t i = whole.size(); i-- > 0 && total_of(columns, 1) > width;) {
      if (columns_[i].keep != keep) continue;
      whole[i] = 0;
      columns = whole;
      shrink(columns, width);
    }
  }
  return columns;
}

std::string TextTable::text(unsigned width, const Ink& ink) const {
  const std::vector<std::size_t> columns = widths_within(width);
  const std::string gap(total_of(columns, 2) <= width ? 2 : 1, ' ');

  const auto line_of = [&](const auto& cell_at) {
    std::string line;
    for (std::size_t i = 0; i < columns.size(); ++i) {
      if (columns[i] == 0) continue;
      if (!line.empty()) line += gap;
      append_cell(line, cell_at(i), columns[i], columns_[i]);
    }
    return without_trailing_spaces(std::move(line));
  };

  std::string text = ink.bold(line_of([&](std::size_t i) { return columns_[i].title; })) + '\n';
  for (const auto& row : rows_) {
    text += line_of([&](std::size_t i) -> std::string_view { return row[i]; }) + '\n';
  }
  return text;
}

}  // namespace brine::cli
