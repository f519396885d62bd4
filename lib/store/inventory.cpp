#include "store/inventory.hpp"

#include <fmt/format.h>

#include <map>

#include "store/graphs.hpp"
#include "tensor/inventory.hpp"
#include "tensor/statistics.hpp"
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

// Of several pickles in a file, a path begins with the number of its own.
struct Found {
  std::string file;
  std::uint64_t number = 0;
  std::vector<TensorInfo> tensors;
};

}  // namespace

std::vector<TensorInfo> list_tensors(const RandomSource& payload, const Limits& limits,
                                     const TensorOptions& options) {
  std::vector<Found> parts;
  std::map<std::string, std::uint64_t> most;
  each_part(payload, limits, [&](const Part& part) {
    parts.push_back({part.file, part.number, tensors_of(part, limits, options)});
    most[part.file] = std::max(most[part.file], part.number);
  });
  std::vector<TensorInfo> all;
  for (Found& part : parts) {
    const std::string number = most[part.file] > 0 ? fmt::format("[{}]", part.number) : "";
    add_below(part.file + number, std::move(part.tensors), all);
  }
  return all;
}

}  // namespace brine::store
