#include "store/inventory.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <map>

#include "store/graphs.hpp"
#include "tensor/inventory.hpp"
#include "tensor/statistics.hpp"
#include "tensor/tree.hpp"
#include "tensor/ubjson.hpp"

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

// Puts the arrays of a model in the place of its bytes, which stay where they are another format.
void unfold_boosters(const Part& part, std::vector<TensorInfo>& tensors, const Limits& limits) {
  std::vector<TensorInfo> all;
  for (TensorInfo& each : tensors) {
    if (each.dtype != tensor::booster_dtype) {
      all.push_back(std::move(each));
    } else if (auto arrays = tensor::list_ubjson(*part.source, *each.offset, each.bytes, limits)) {
      add_below(each.path, *std::move(arrays), all);
    } else {
      each.dtype = "uint8";
      all.push_back(std::move(each));
    }
  }
  tensors = std::move(all);
}

std::vector<TensorInfo> tensors_of(const Part& part, const Limits& limits,
                                   const TensorOptions& options) {
  auto tensors = part.graph == nullptr ? std::vector{part.array}
                                       : tensor::inventory(*part.graph, limits, part.read_tensor);
  unfold_boosters(part, tensors, limits);
  for (TensorInfo& each : tensors) {
    if (each.offset && options.statistics && tensor::is_measurable(each.dtype)) {
      each.statistics = tensor::measure(*part.source, each);
    }
    if (each.offset && part.begin) {
      *each.offset += *part.begin;
    } else {
      each.offset.reset();
    }
  }
  return tensors;
}

// Of several pickles in a file, each is told by its number.
std::string place_of(const Part& part, bool is_one_of_many) {
  return is_one_of_many ? fmt::format("{}[{}]", part.file, part.number) : part.file;
}

}  // namespace

std::vector<TensorInfo> list_tensors(const RandomSource& payload, const Limits& limits,
                                     const TensorOptions& options) {
  struct Found {
    Part part;  // without what lives during the visit only
    std::vector<TensorInfo> tensors;
  };
  std::vector<Found> parts;
  std::map<std::string, std::uint64_t> most;
  each_part(payload, limits, [&](const Part& part) {
    parts.push_back(
        {{.file = part.file, .number = part.number}, tensors_of(part, limits, options)});
    most[part.file] = std::max(most[part.file], part.number);
  });
  std::vector<TensorInfo> all;
  for (auto& [part, tensors] : parts) {
    add_below(place_of(part, most[part.file] > 0), std::move(tensors), all);
  }
  return all;
}

std::vector<TreeRow> list_tree(const RandomSource& payload, const TreeOptions& options,
                               const Limits& limits) {
  std::vector<TreeRow> rows;
  std::uint64_t roots = 0;
  each_part(payload, limits, [&](const Part& part) {
    ++roots;
    if (part.graph == nullptr) {
      const std::string name = part.file + (part.file.empty() ? "" : ".") + part.array.path;
      rows.push_back({0, name, tensor::described(part.array)});
      return;
    }
    auto more = tensor::tree(*part.graph, *part.source, place_of(part, part.file.empty()), options,
                             limits, part.read_tensor);
    std::move(more.begin(), more.end(), std::back_inserter(rows));
  });
  const bool is_alone = roots == 1 && !rows.empty();
  if (is_alone && rows.front().name == "[0]") rows.front().name.clear();
  return rows;
}

}  // namespace brine::store
