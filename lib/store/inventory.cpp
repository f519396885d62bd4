#include "store/inventory.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "archive/format.hpp"
#include "archive/npy.hpp"
#include "archive/tar.hpp"
#include "archive/zip.hpp"
#include "base/text.hpp"
#include "brine/error.hpp"
#include "io/range.hpp"
#include "pickle/graph.hpp"
#include "store/decoded.hpp"
#include "store/graph_reading.hpp"
#include "store/inventory_torch.hpp"
#include "store/pickle_stream.hpp"
#include "tensor/element_type.hpp"
#include "tensor/inventory.hpp"
#include "tensor/joblib.hpp"
#include "tensor/statistics.hpp"
#include "tensor/torch.hpp"

namespace brine::store {
namespace {

constexpr std::size_t deepest = 3;              // file formats inside one another
constexpr std::size_t most_header = 64U << 10;  // of an array inside a compressed member

archive::Format format_of(const RandomSource& payload) {
  Bytes head(
      static_cast<std::size_t>(std::min<std::uint64_t>(archive::sniff_bytes, payload.size())));
  payload.read_at(0, head);
  return archive::sniff(head);
}

std::uint64_t end_of_white_space(const RandomSource& payload, std::uint64_t offset) {
  std::byte next{};
  while (offset < payload.size()) {
    payload.read_at(offset, {&next, 1});
    if (!is_white_space(next)) break;
    ++offset;
  }
  return offset;
}

// A pickle with arrays between its opcodes.
std::vector<TensorInfo> of_joblib(const RandomSource& payload, const Limits& limits) {
  tensor::JoblibReader reader(nullptr, limits);
  read_to_end(payload, 0, payload.size(), reader);
  require_stopped(reader);
  return tensor::inventory(reader.graph(), limits, [&](pickle::NodeId id) {
    const auto array = reader.arrays().find(id);
    return array == reader.arrays().end() ? std::nullopt : std::optional(array->second);
  });
}

std::vector<TensorInfo> of_pickles(const RandomSource& payload, const Limits& limits) {
  std::vector<std::vector<TensorInfo>> pickles;
  std::uint64_t offset = 0;
  while (pickles.empty() || offset < payload.size()) {
    if (pickles.size() >= limits.max_pickles) break;
    try {
      pickle::Graph graph(limits);
      try {
        offset = read_pickle(payload, offset, payload.size(), graph, limits);
      } catch (const Error&) {
        if (!pickles.empty() || !graph.has_symbol(tensor::is_joblib_wrapper)) throw;
        return of_joblib(payload, limits);
      }
      // Without an array in it, or with ones that happened to read as opcodes.
      if (pickles.empty() && graph.has_symbol(tensor::is_joblib_wrapper)) {
        return of_joblib(payload, limits);
      }
      // Where a pickler for torch wrote without a container, its storages are elsewhere.
      pickles.push_back(tensor::inventory(graph, limits, [&](pickle::NodeId id) {
        return tensor::read_torch_tensor(graph, id, {});
      }));
    } catch (const Error& error) {
      // What follows a pickle need not be one.
      if (pickles.empty() || error.code() == Errc::limit) throw;
      break;
    }
    offset = end_of_white_space(payload, offset);
  }
  std::vector<TensorInfo> all;
  for (std::size_t i = 0; i < pickles.size(); ++i) {
    const std::string place = pickles.size() > 1 ? fmt::format("[{}]", i) : "";
    add_below(place, std::move(pickles[i]), all);
  }
  return all;
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

// What is compressed there has no place in the payload.
std::optional<TensorInfo> of_npy_member(const RandomSource& zip, const archive::ZipMember& member,
                                        const Limits& limits) {
  if (member.method == 0) return of_npy(zip, member.offset, member.bytes);
  const auto decoded = decode(zip, member, limits);
  const Front front(*decoded, member.bytes, most_header);
  auto tensor = of_npy(front, 0, member.bytes);
  if (tensor) tensor->offset.reset();
  return tensor;
}

std::vector<TensorInfo> of_npz(const RandomSource& payload,
                               const std::vector<archive::ZipMember>& members,
                               const Limits& limits) {
  std::vector<TensorInfo> all;
  for (const archive::ZipMember& member : members) {
    if (!member.name.ends_with(".npy")) continue;
    auto tensor = in_context(base::printable(member.name),
                             [&] { return of_npy_member(payload, member, limits); });
    if (!tensor) continue;
    tensor->path = base::printable(member.name.substr(0, member.name.size() - 4));
    all.push_back(std::move(*tensor));
  }
  return all;
}

bool begins_like_pickle(const RandomSource& part) {
  std::byte first{};
  if (part.size() > 0) part.read_at(0, {&first, 1});
  return first == protocol_opcode;
}

// Files inside files.
class Lister {
 public:
  Lister(const Limits& limits, const TensorOptions& options) : limits_(limits), options_(options) {}

  std::vector<TensorInfo> list(const RandomSource& payload, std::size_t depth) const;

 private:
  std::vector<TensorInfo> list_known(const RandomSource& payload, archive::Format format,
                                     std::size_t depth) const;
  std::vector<TensorInfo> list_zip(const RandomSource& zip, std::size_t depth) const;
  std::vector<TensorInfo> list_tar(const RandomSource& tar, std::size_t depth) const;
  std::vector<TensorInfo> list_compressed(const RandomSource& payload, archive::Format format,
                                          std::size_t depth) const;
  void add_part(const RandomSource& container, const std::string& name, std::uint64_t offset,
                std::uint64_t bytes, std::size_t depth, std::vector<TensorInfo>& all) const;

  const Limits& limits_;
  const TensorOptions& options_;
};

std::vector<TensorInfo> Lister::list(const RandomSource& payload, std::size_t depth) const {
  if (depth > deepest) {
    throw Error(Errc::limit, fmt::format("over {} file formats are inside one another", deepest));
  }
  const archive::Format format = format_of(payload);
  if (is_compressed(format)) return list_compressed(payload, format, depth);
  std::vector<TensorInfo> tensors = list_known(payload, format, depth);
  if (options_.statistics) {
    for (TensorInfo& each : tensors) {
      const bool is_new = each.offset && !each.statistics;
      if (is_new && tensor::is_measurable(each.dtype)) {
        each.statistics = tensor::measure(payload, each);
      }
    }
  }
  return tensors;
}

std::vector<TensorInfo> Lister::list_known(const RandomSource& payload, archive::Format format,
                                           std::size_t depth) const {
  switch (format) {
    case archive::Format::torch_legacy:
      return of_torch_legacy(payload, limits_);
    case archive::Format::zip:
      return list_zip(payload, depth);
    case archive::Format::tar:
      return list_tar(payload, depth);
    case archive::Format::npy: {
      const auto tensor = of_npy(payload, 0, payload.size());
      return tensor ? std::vector{*tensor} : std::vector<TensorInfo>{};
    }
    default:
      return of_pickles(payload, limits_);
  }
}

std::vector<TensorInfo> Lister::list_zip(const RandomSource& zip, std::size_t depth) const {
  const auto members = archive::read_zip(zip, limits_);
  const std::string_view format = archive::zip_format(members);
  if (format == "npz") return of_npz(zip, members, limits_);
  if (format == "torch-zip" || format == "torchscript") {
    return of_torch_zip(zip, members, limits_);
  }
  std::vector<TensorInfo> all;
  for (const archive::ZipMember& member : members) {
    if (member.method == 0) add_part(zip, member.name, member.offset, member.bytes, depth, all);
  }
  return all;
}

std::vector<TensorInfo> Lister::list_tar(const RandomSource& tar, std::size_t depth) const {
  const auto members = archive::read_tar(tar, limits_);
  if (archive::tar_format(members) == "torch-tar") return of_torch_tar(tar, members, limits_);
  std::vector<TensorInfo> all;
  for (const archive::TarMember& member : members) {
    add_part(tar, member.name, member.offset, member.bytes, depth, all);
  }
  return all;
}

// One of many files in a container: its tensors, should it have any.
void Lister::add_part(const RandomSource& container, const std::string& name, std::uint64_t offset,
                      std::uint64_t bytes, std::size_t depth, std::vector<TensorInfo>& all) const {
  const io::Range part(container, offset, bytes);
  const bool is_worth = format_of(part) != archive::Format::pickle || begins_like_pickle(part) ||
                        name.ends_with(".pkl") || name.ends_with(".pickle");
  if (!is_worth) return;
  auto tensors = in_context(base::printable(name), [&] { return list(part, depth + 1); });
  for (TensorInfo& each : tensors) {
    if (each.offset) *each.offset += offset;
  }
  add_below(base::printable(name), std::move(tensors), all);
}

// Unfolded on disk, as its formats are read from both ends. What is inside has no place in the
// payload.
std::vector<TensorInfo> Lister::list_compressed(const RandomSource& payload, archive::Format format,
                                                std::size_t depth) const {
  const io::ScratchFile unfolded = unfold(*decode(payload, format, limits_));
  auto tensors = list(unfolded, depth + 1);
  for (TensorInfo& each : tensors) each.offset.reset();
  return tensors;
}

}  // namespace

std::vector<TensorInfo> list_tensors(const RandomSource& payload, const Limits& limits,
                                     const TensorOptions& options) {
  return Lister(limits, options).list(payload, 0);
}

}  // namespace brine::store
