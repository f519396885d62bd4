#include "store/graphs_torch.hpp"

#include <fmt/format.h>

#include <array>
#include <map>
#include <memory>
#include <optional>

#include "archive/format.hpp"
#include "base/arithmetic.hpp"
#include "base/text.hpp"
#include "brine/error.hpp"
#include "store/graph_reading.hpp"
#include "store/members.hpp"
#include "store/torch_tar.hpp"
#include "tensor/torch.hpp"

namespace brine::store {
namespace {

constexpr std::size_t legacy_object = 3;  // of its pickles, from 0
constexpr std::size_t legacy_keys = 4;

tensor::TorchStorages storages_of(const RandomSource& payload,
                                  const std::vector<archive::Member>& members,
                                  std::string_view folder) {
  tensor::TorchStorages storages;
  for (const archive::Member& member : members) {
    const bool is_stored = member.method == archive::stored;
    if (const auto key = storage_key(member, folder)) {
      storages.by_key[std::string(*key)] = {is_stored ? std::optional(member.offset) : std::nullopt,
                                            member.bytes};
    } else if (member.name == fmt::format("{}byteorder", folder) && is_stored &&
               member.bytes == 3) {
      Bytes order(3);
      payload.read_at(member.offset, order);
      storages.is_big_endian = text_of(order) == "big";
    }
  }
  return storages;
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

tensor::ReadTensor tensors_of(const pickle::Graph& graph, const tensor::TorchStorages& storages) {
  return [&](pickle::NodeId id) { return tensor::read_torch_tensor(graph, id, storages); };
}

}  // namespace

void read_torch_zip(const RandomSource& payload, const std::vector<archive::Member>& members,
                    Unfolder& unfolder, const UseObject& use) {
  const std::string folder = torch_folder(members);
  tensor::TorchStorages storages = storages_of(payload, members, folder);
  const std::string name = folder + "data.pkl";
  const auto member = std::find_if(members.begin(), members.end(),
                                   [&](const auto& each) { return each.name == name; });
  if (member == members.end()) return;
  pickle::Graph graph(unfolder.limits());
  if (member->method == archive::stored) {
    read_pickle(payload, member->offset, member->offset + member->bytes, graph, unfolder.limits());
    return use(payload, graph, tensors_of(graph, storages));
  }
  const io::ScratchFile unfolded = unfolder.unfold(payload, *member);
  read_pickle(unfolded, 0, unfolded.size(), graph, unfolder.limits());
  for (auto& [key, storage] : storages.by_key) storage.offset.reset();
  use(unfolded, graph, tensors_of(graph, storages));
}

void read_torch_legacy(const RandomSource& payload, const Limits& limits, const UseObject& use) {
  std::vector<std::unique_ptr<pickle::Graph>> graphs;
  std::uint64_t offset = 0;
  while (graphs.size() < archive::torch_legacy_pickles) {
    graphs.push_back(std::make_unique<pickle::Graph>(limits));
    offset = read_pickle(payload, offset, payload.size(), *graphs.back(), limits);
  }
  const pickle::Graph& object = *graphs[legacy_object];
  const auto storages = legacy_storages(payload, offset, object, *graphs[legacy_keys]);
  use(payload, object, tensors_of(object, storages));
}

void read_torch_tar(const RandomSource& payload, const std::vector<archive::Member>& members,
                    const Limits& limits, const UseObject& use) {
  const TorchTar tar = read_torch_tar(payload, members, limits);
  const TorchTar::Pickle& object = tar.pickles.back();
  pickle::Graph graph(limits);
  read_pickle(payload, object.offset, object.offset + object.bytes, graph, limits);
  use(payload, graph, [&](pickle::NodeId id) { return tar.tensor(graph, id); });
}

}  // namespace brine::store
