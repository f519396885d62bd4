#include "store/graphs.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "archive/zip.hpp"
#include "base/arithmetic.hpp"
#include "base/text.hpp"
#include "brine/error.hpp"
#include "pickle/feed.hpp"
#include "store/pickle_stream.hpp"
#include "tensor/joblib.hpp"
#include "tensor/torch.hpp"

namespace brine::store {
namespace {

using Body = std::function<void(const PlacedGraph&)>;

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

std::uint64_t end_of_white_space(const RandomSource& payload, std::uint64_t offset) {
  std::byte next{};
  while (offset < payload.size()) {
    payload.read_at(offset, {&next, 1});
    if (!is_white_space(next)) break;
    ++offset;
  }
  return offset;
}

tensor::ReadTensor tensors_of_torch(const pickle::Graph& graph,
                                    const tensor::TorchStorages& storages) {
  return [&](pickle::NodeId id) { return tensor::read_torch_tensor(graph, id, storages); };
}

// A pickle with arrays between its opcodes.
void of_joblib(const RandomSource& payload, const Limits& limits, const Body& body) {
  tensor::JoblibReader reader(nullptr, limits);
  pickle::read_to_end(payload, 0, payload.size(), reader);
  require_stopped(reader);
  body({reader.graph(), "", [&](pickle::NodeId id) {
          const auto array = reader.arrays().find(id);
          return array == reader.arrays().end() ? std::nullopt : std::optional(array->second);
        }});
}

bool is_of_joblib(const pickle::Graph& graph) {
  return graph.has_symbol(tensor::is_joblib_wrapper);
}

void of_pickles(const RandomSource& payload, const Limits& limits, const Body& body) {
  // Where a pickler for torch wrote without a container, its storages are elsewhere.
  const tensor::TorchStorages elsewhere;
  std::uint64_t offset = 0;
  for (std::uint64_t count = 0; count < limits.max_pickles; ++count) {
    pickle::Graph graph(limits);
    try {
      offset = read_pickle(payload, offset, payload.size(), graph, limits);
    } catch (const Error& error) {
      if (count == 0 && is_of_joblib(graph)) return of_joblib(payload, limits, body);
      // What follows a pickle need not be one.
      if (count == 0 || error.code() == Errc::limit) throw;
      return;
    }
    // Without an array in it, or with ones that happened to read as opcodes.
    if (count == 0 && is_of_joblib(graph)) return of_joblib(payload, limits, body);
    body({graph, fmt::format("[{}]", count), tensors_of_torch(graph, elsewhere)});
    offset = end_of_white_space(payload, offset);
    if (offset == payload.size()) return;
  }
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

void of_torch_zip(const RandomSource& payload, const std::vector<archive::ZipMember>& members,
                  const Limits& limits, const Body& body) {
  const std::string prefix = prefix_of(members);
  const auto storages = storages_of(payload, members, prefix);
  for (const archive::ZipMember& member : members) {
    if (member.name != prefix + "data.pkl") continue;
    if (member.method != 0) {
      throw Error(Errc::unsupported,
                  fmt::format("{} is compressed inside the zip", base::printable(member.name)));
    }
    pickle::Graph graph(limits);
    read_pickle(payload, member.offset, member.offset + member.bytes, graph, limits);
    body({graph, "", tensors_of_torch(graph, storages)});
  }
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

void of_torch_legacy(const RandomSource& payload, const Limits& limits, const Body& body) {
  std::vector<std::unique_ptr<pickle::Graph>> graphs;
  std::uint64_t offset = 0;
  while (graphs.size() < archive::torch_legacy_pickles) {
    graphs.push_back(std::make_unique<pickle::Graph>(limits));
    offset = read_pickle(payload, offset, payload.size(), *graphs.back(), limits);
  }
  const pickle::Graph& object = *graphs[legacy_object];
  const auto storages = legacy_storages(payload, offset, object, *graphs[legacy_keys]);
  body({object, "", tensors_of_torch(object, storages)});
}

}  // namespace

archive::Format format_of(const RandomSource& payload) {
  Bytes head(
      static_cast<std::size_t>(std::min<std::uint64_t>(archive::sniff_bytes, payload.size())));
  payload.read_at(0, head);
  return archive::sniff(head);
}

bool each_graph(const RandomSource& payload, const Limits& limits, const Body& body) {
  const archive::Format format = format_of(payload);
  if (format == archive::Format::pickle) {
    of_pickles(payload, limits, body);
    return true;
  }
  if (format == archive::Format::torch_legacy) {
    of_torch_legacy(payload, limits, body);
    return true;
  }
  if (format != archive::Format::zip) return false;
  const auto members = archive::read_zip(payload, limits);
  const std::string_view kind = archive::zip_format(members);
  if (kind != "torch-zip" && kind != "torchscript") return false;
  of_torch_zip(payload, members, limits, body);
  return true;
}

}  // namespace brine::store
