#include "store/inventory.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <map>

#include "store/decoded.hpp"
#include "store/graphs.hpp"
#include "tensor/inventory.hpp"
#include "tensor/path.hpp"
#include "tensor/spelled_elements.hpp"
#include "tensor/statistics.hpp"
#include "tensor/tree.hpp"
#include "tensor/ubjson.hpp"

namespace brine::store {
namespace {

using tensor::Tensor;

constexpr std::size_t piece_bytes = 1U << 20;

void put_below(const std::string& place, TensorInfo& each) {
  each.path = tensor::joined(place, each.path);
  if (each.shares) *each.shares = tensor::joined(place, *each.shares);
}

// Puts the arrays of a model in the place of its bytes, which stay where they are another format.
void unfold_boosters(const Part& part, std::vector<Tensor>& tensors, const Limits& limits) {
  std::vector<Tensor> all;
  for (Tensor& each : tensors) {
    if (each.dtype != tensor::booster_dtype) {
      all.push_back(std::move(each));
    } else if (auto arrays = tensor::list_ubjson(*part.source, *each.offset, each.bytes, limits)) {
      for (TensorInfo& array : *arrays) {
        put_below(each.path, array);
        all.emplace_back(std::move(array));
      }
    } else {
      each.dtype = "uint8";
      all.push_back(std::move(each));
    }
  }
  tensors = std::move(all);
}

std::vector<Tensor> found_in(const Part& part, const Limits& limits) {
  if (part.graph != nullptr) {
    auto tensors = tensor::inventory(*part.graph, limits, part.read_tensor, part.source);
    unfold_boosters(part, tensors, limits);
    return tensors;
  }
  Tensor array = part.array;
  if (!array.path.empty()) array.path = tensor::spelled_name(array.path);
  return {std::move(array)};
}

// The elements of an array are at the end of its member.
void each_of_member(const Part& part, std::uint64_t bytes, const Limits& limits,
                    const tensor::UseElements& use) {
  Unfolder unfolder(part.source->size(), limits);
  const auto decoded = unfolder.open(*part.source, *part.member);
  std::uint64_t header = part.member->bytes - std::min(bytes, part.member->bytes);
  Bytes piece(piece_bytes);
  while (const std::size_t count = decoded->read(piece)) {
    const auto skipped = static_cast<std::size_t>(std::min<std::uint64_t>(header, count));
    header -= skipped;
    use(ByteView(piece).subspan(skipped, count - skipped));
  }
}

void measure(const Part& part, const Limits& limits, Tensor& each) {
  if (!tensor::is_measurable(each.dtype)) {
    each.unmeasured = tensor::why_unmeasured(each.dtype);
  } else if (each.offset || each.unordered) {
    each.statistics = tensor::measure(*part.source, each);
  } else if (each.bytes == 0) {
    each.statistics = tensor::measure(each.dtype, [](const tensor::UseElements&) {});
  } else if (part.member != nullptr) {
    each.statistics = tensor::measure(each.dtype, [&](const tensor::UseElements& use) {
      each_of_member(part, each.bytes, limits, use);
    });
  } else if (each.spelled) {
    bool is_whole = true;
    each.statistics = tensor::measure(each.dtype, [&](const tensor::UseElements& use) {
      is_whole = tensor::each_spelled(*part.source, *each.spelled, use);
    });
    if (!is_whole) each.statistics.reset();
    if (!is_whole) each.unmeasured = "no bytes";
  } else {
    each.unmeasured = each.extent && each.extent->storage.empty() ? "view" : "not here";
  }
}

std::vector<TensorInfo> tensors_of(const Part& part, const Limits& limits,
                                   const TensorOptions& options) {
  std::vector<TensorInfo> tensors;
  for (Tensor& each : found_in(part, limits)) {
    if (options.statistics) measure(part, limits, each);
    if (each.offset && part.begin) {
      *each.offset += *part.begin;
    } else {
      each.offset.reset();
    }
    tensors.push_back(std::move(each));
  }
  return tensors;
}

// A file that a path may go on behind.
std::string file_of(const Part& part) {
  return part.file.empty() ? std::string() : tensor::spelled_name(part.file);
}

// Of several pickles in a file, each is told by its number.
std::string place_of(const Part& part, bool is_one_of_many) {
  return is_one_of_many ? fmt::format("{}[{}]", file_of(part), part.number) : file_of(part);
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
    for (TensorInfo& each : tensors) {
      put_below(place_of(part, most[part.file] > 0), each);
      all.push_back(std::move(each));
    }
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
      const std::string name = tensor::joined(file_of(part), found_in(part, limits).front().path);
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
