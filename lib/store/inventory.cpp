#include "store/inventory.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <optional>

#include "archive/format.hpp"
#include "archive/npy.hpp"
#include "archive/zip.hpp"
#include "base/arithmetic.hpp"
#include "base/text.hpp"
#include "brine/error.hpp"
#include "pickle/feed.hpp"
#include "pickle/graph.hpp"
#include "store/pickle_stream.hpp"
#include "tensor/element_type.hpp"
#include "tensor/inventory.hpp"
#include "tensor/joblib.hpp"
#include "tensor/torch.hpp"

namespace brine::store {
namespace {

constexpr std::size_t legacy_object = 3;  // of its pickles, from 0
constexpr std::size_t legacy_keys = 4;

template <typename Reader>
void require_stopped(const Reader& reader) {
  if (reader.state() == pickle::TokenReader::State::stopped) return;
  const std::string reason = reader.reason();
  throw Error(reason.starts_with("max_") ? Errc::limit : Errc::unsupported,
              fmt::format("at offset {} of the payload: {}", reader.offset(), reason));
}

// Reads the pickle at `offset` into `graph` and returns where it ends.
std::uint64_t read_pickle(const RandomSource& payload, std::uint64_t offset, std::uint64_t end,
                          pickle::Graph& graph, const Limits& limits) {
  pickle::TokenReader reader(graph, offset, limits);
  pickle::read_to_end(payload, offset, end, reader);
  require_stopped(reader);
  return reader.offset();
}

void add_below(const std::string& place, std::vector<TensorInfo> tensors,
               std::vector<TensorInfo>& all) {
  for (TensorInfo& each : tensors) {
    const bool is_name = !each.path.empty() && each.path[0] != '[' && each.path[0] != '(';
    if (!place.empty()) each.path = fmt::format("{}{}{}", place, is_name ? "." : "", each.path);
    all.push_back(std::move(each));
  }
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
  pickle::read_to_end(payload, 0, payload.size(), reader);
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

std::vector<TensorInfo> of_torch_pickle(const RandomSource& payload,
                                        const archive::ZipMember& member,
                                        const tensor::TorchStorages& storages,
                                        const Limits& limits) {
  pickle::Graph graph(limits);
  read_pickle(payload, member.offset, member.offset + member.bytes, graph, limits);
  return tensor::inventory(graph, limits, [&](pickle::NodeId id) {
    return tensor::read_torch_tensor(graph, id, storages);
  });
}

// PREFIX/data/KEY
std::optional<std::string_view> storage_key(std::string_view name, std::string_view prefix) {
  constexpr std::string_view folder = "data/";
  if (!name.starts_with(prefix)) return std::nullopt;
  name.remove_prefix(prefix.size());
  if (!name.starts_with(folder)) return std::nullopt;
  return name.substr(folder.size());
}

tensor::TorchStorages storages_of(const RandomSource& payload,
                                  const std::vector<archive::ZipMember>& members,
                                  std::string_view prefix) {
  tensor::TorchStorages storages;
  for (const archive::ZipMember& member : members) {
    const bool is_stored = member.method == 0;
    if (const auto key = storage_key(member.name, prefix)) {
      storages.by_key[std::string(*key)] = {is_stored ? std::optional(member.offset) : std::nullopt,
                                            member.bytes};
    } else if (member.name == std::string(prefix) + "byteorder" && is_stored && member.bytes == 3) {
      Bytes order(3);
      payload.read_at(member.offset, order);
      storages.is_big_endian = text_of(order) == "big";
    }
  }
  return storages;
}

// All names of a torch zip begin as its first one does.
std::string prefix_of(const std::vector<archive::ZipMember>& members) {
  if (members.empty()) return {};
  const std::size_t slash = members[0].name.find('/');
  return slash == std::string::npos ? "" : members[0].name.substr(0, slash + 1);
}

std::vector<TensorInfo> of_torch_zip(const RandomSource& payload,
                                     const std::vector<archive::ZipMember>& members,
                                     const Limits& limits) {
  const std::string prefix = prefix_of(members);
  const auto storages = storages_of(payload, members, prefix);
  std::vector<TensorInfo> all;
  for (const archive::ZipMember& member : members) {
    if (member.name != prefix + "data.pkl") continue;
    if (member.method != 0) {
      throw Error(Errc::unsupported,
                  fmt::format("{} is compressed inside the zip", base::printable(member.name)));
    }
    add_below("", of_torch_pickle(payload, member, storages, limits), all);
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

// Behind the pickles: of each key in the order of the list of keys, the number of elements and they
// themselves.
tensor::TorchStorages legacy_storages(const RandomSource& payload, std::uint64_t offset,
                                      const pickle::Graph& object, const pickle::Graph& keys) {
  std::map<std::string, std::uint64_t, std::less<>> item_bytes;
  for (pickle::NodeId id = 0; id < object.size(); ++id) {
    if (const auto storage = tensor::read_storage_id(object, id)) {
      item_bytes[storage->key] = storage->item_bytes;
    }
  }
  tensor::TorchStorages storages;
  for (const pickle::Item& item : keys.items(keys.root())) {
    const auto key = keys.text(item.value);
    const auto known = key ? item_bytes.find(*key) : item_bytes.end();
    std::array<std::byte, 8> count{};
    if (known == item_bytes.end() || payload.size() - offset < count.size()) break;
    payload.read_at(offset, count);
    offset += count.size();
    std::uint64_t bytes = 0;
    const bool overflows =
        __builtin_mul_overflow(base::little_endian(count.data(), 8), known->second, &bytes);
    if (overflows || bytes > payload.size() - offset) {
      throw Error(Errc::corrupt, fmt::format("storage {} is truncated", base::printable(*key)));
    }
    storages.by_key[std::string(*key)] = {offset, bytes};
    offset += bytes;
  }
  return storages;
}

std::vector<TensorInfo> of_torch_legacy(const RandomSource& payload, const Limits& limits) {
  std::vector<std::unique_ptr<pickle::Graph>> graphs;
  std::uint64_t offset = 0;
  while (graphs.size() < archive::torch_legacy_pickles) {
    graphs.push_back(std::make_unique<pickle::Graph>(limits));
    offset = read_pickle(payload, offset, payload.size(), *graphs.back(), limits);
  }
  const pickle::Graph& object = *graphs[legacy_object];
  const auto storages = legacy_storages(payload, offset, object, *graphs[legacy_keys]);
  return tensor::inventory(object, limits, [&](pickle::NodeId id) {
    return tensor::read_torch_tensor(object, id, storages);
  });
}

std::vector<TensorInfo> of_zip(const RandomSource& payload, const Limits& limits) {
  const auto members = archive::read_zip(payload, limits);
  const std::string_view format = archive::zip_format(members);
  if (format == "npz") return of_npz(payload, members);
  if (format == "torch-zip" || format == "torchscript") {
    return of_torch_zip(payload, members, limits);
  }
  throw Error(Errc::unsupported, "tensors inside a zip of neither torch nor numpy are not listed");
}

}  // namespace

std::vector<TensorInfo> list_tensors(const RandomSource& payload, const Limits& limits) {
  Bytes head(
      static_cast<std::size_t>(std::min<std::uint64_t>(archive::sniff_bytes, payload.size())));
  payload.read_at(0, head);
  const archive::Format format = archive::sniff(head);
  switch (format) {
    case archive::Format::pickle:
      return of_pickles(payload, limits);
    case archive::Format::torch_legacy:
      return of_torch_legacy(payload, limits);
    case archive::Format::zip:
      return of_zip(payload, limits);
    case archive::Format::npy: {
      const auto tensor = of_npy(payload, 0, payload.size());
      return tensor ? std::vector{*tensor} : std::vector<TensorInfo>{};
    }
    default:
      throw Error(Errc::unsupported,
                  fmt::format("tensors inside {} are not listed", archive::to_string(format)));
  }
}

}  // namespace brine::store
