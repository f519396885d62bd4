#include "text_table.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace brine::cli {
namespace {

constexpr std::size_t least_shown = 7;  // four characters and the dots

bool continues_character(char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }

std::string shortened(std::string_view cell, std::size_t width) {
  if (cell.size() <= width) return std::string(cell);
  std::size_t end = width - 3;
  while (end > 0 && continues_character(cell[end])) --end;
  return std::string(cell.substr(0, end)) + "...";
}

void append_cell(std::string& line, std::string_view whole, std::size_t width, Align align) {
  const std::string cell = shortened(whole, width);
  line += align == Align::right ? fmt::format("{:>{}}", cell, width)
                                : fmt::format("{:<{}}", cell, width);
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
    for (std::size_t i = 0; i < widths.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  for (std::size_t i = 0; i < widths.size(); ++i) {
    if (widths[i] > 0) widths[i] = std::max(widths[i], columns_[i].title.size());
  }
  return widths;
}

std::vector<std::size_t> TextTable::widths_within(unsigned width) const {
  std::vector<std::size_t> columns = widths();
  for (std::size_t i = columns.size(); i-- > 0 && total_of(columns, 1) > width;) {
    if (columns_[i].keep != Keep::shortened || columns[i] <= least_shown) continue;
    const std::size_t excess = total_of(columns, 1) - width;
    columns[i] = std::max(columns[i] - std::min(excess, columns[i]), least_shown);
  }
  for (const Keep keep : {Keep::where_it_fits, Keep::unless_narrow}) {
    for (std::size_t i = columns.size(); i-- > 0 && total_of(columns, 1) > width;) {
      if (columns_[i].keep == keep) columns[i] = 0;
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
      append_cell(line, cell_at(i), columns[i], columns_[i].align);
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
