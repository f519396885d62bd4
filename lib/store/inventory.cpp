#include "store/inventory.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>

#include "archive/npy.hpp"
#include "archive/zip.hpp"
#include "base/text.hpp"
#include "brine/error.hpp"
#include "store/graphs.hpp"
#include "tensor/element_type.hpp"
#include "tensor/inventory.hpp"
#include "tensor/tree.hpp"

namespace brine::store {
namespace {

void add_below(const std::string& place, std::vector<TensorInfo> tensors,
               std::vector<TensorInfo>& all) {
  for (TensorInfo& each : tensors) {
    const bool is_name = !each.path.empty() && each.path[0] != '[' && each.path[0] != '(';
    if (!place.empty()) each.path = fmt::format("{}{}{}", place, is_name ? "." : "", each.path);
    all.push_back(std::move(each));
  }
}

// Nothing for an array of objects.
std::optional<TensorInfo> of_npy(const RandomSource& payload, std::uint64_t offset,
                                 std::uint64_t bytes) {
  const archive::NpyHeader header = archive::read_npy(payload, offset, bytes);
  if (header.holds_objects) return std::nullopt;
  const std::uint64_t rest = bytes - header.bytes;
  const std::uint64_t data = header.data_bytes.value_or(rest);
  if (data > rest) throw Error(Errc::corrupt, "the array is truncated");
  const auto type = tensor::read_type_code(header.type);
  return TensorInfo{.path = {},
                    .dtype = type ? type->name : header.type,
                    .shape = header.shape,
                    .offset = offset + header.bytes,
                    .bytes = data};
}

std::vector<TensorInfo> of_npz(const RandomSource& payload,
                               const std::vector<archive::ZipMember>& members) {
  std::vector<TensorInfo> all;
  for (const archive::ZipMember& member : members) {
    if (!member.name.ends_with(".npy") || member.method != 0) continue;
    auto tensor = in_context(base::printable(member.name),
                             [&] { return of_npy(payload, member.offset, member.bytes); });
    if (!tensor) continue;
    tensor->path = base::printable(member.name.substr(0, member.name.size() - 4));
    all.push_back(std::move(*tensor));
  }
  return all;
}

// Of several pickles, a path begins with the place of its own.
std::optional<std::vector<TensorInfo>> of_graphs(const RandomSource& payload,
                                                 const Limits& limits) {
  std::vector<std::pair<std::string, std::vector<TensorInfo>>> parts;
  const bool is_read = each_graph(payload, limits, [&](const PlacedGraph& placed) {
    parts.emplace_back(placed.place, tensor::inventory(placed.graph, limits, placed.read_tensor));
  });
  if (!is_read) return std::nullopt;
  std::vector<TensorInfo> all;
  for (auto& [place, tensors] : parts) {
    add_below(parts.size() > 1 ? place : "", std::move(tensors), all);
  }
  return all;
}

}  // namespace

std::vector<TensorInfo> list_tensors(const RandomSource& payload, const Limits& limits) {
  if (auto tensors = of_graphs(payload, limits)) return *std::move(tensors);
  const archive::Format format = format_of(payload);
  if (format == archive::Format::npy) {
    const auto tensor = of_npy(payload, 0, payload.size());
    return tensor ? std::vector{*tensor} : std::vector<TensorInfo>{};
  }
  if (format != archive::Format::zip) {
    throw Error(Errc::unsupported,
                fmt::format("tensors inside {} are not listed", archive::to_string(format)));
  }
  const auto members = archive::read_zip(payload, limits);
  if (archive::zip_format(members) == "npz") return of_npz(payload, members);
  throw Error(Errc::unsupported, "tensors inside a zip of neither torch nor numpy are not listed");
}

std::vector<TreeRow> list_tree(const RandomSource& payload, const TreeOptions& options,
                               const Limits& limits) {
  std::vector<TreeRow> rows;
  const bool is_read = each_graph(payload, limits, [&](const PlacedGraph& placed) {
    auto more =
        tensor::tree(placed.graph, payload, placed.place, options, limits, placed.read_tensor);
    std::move(more.begin(), more.end(), std::back_inserter(rows));
  });
  if (is_read) {
    const auto is_root = [](const TreeRow& row) { return row.level == 0; };
    if (std::count_if(rows.begin(), rows.end(), is_root) == 1) rows.front().name.clear();
    return rows;
  }
  const std::vector<TensorInfo> tensors = list_tensors(payload, limits);
  if (tensors.size() == 1 && tensors[0].path.empty())
    return {{0, "", tensor::described(tensors[0])}};
  rows.push_back(
      {0, "", fmt::format("npz, {} item{}", tensors.size(), tensors.size() == 1 ? "" : "s")});
  for (const TensorInfo& each : tensors) rows.push_back({1, each.path, tensor::described(each)});
  return rows;
}

}  // namespace brine::store
