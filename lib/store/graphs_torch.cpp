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
#include "io/range.hpp"
#include "store/graph_reading.hpp"
#include "store/members.hpp"
#include "store/torch_tar.hpp"
#include "tensor/torch.hpp"

namespace brine::store {
namespace {

constexpr std::size_t legacy_object = 3;  // of its pickles, from 0
constexpr std::size_t legacy_keys = 4;

// Pickles of a zip, each with the folder of its storages: that of the object, and of TorchScript
// what its code names, and the inputs that it was traced with.
struct PickleInZip {
  std::string_view member;
  std::string_view folder;
};
constexpr PickleInZip pickles_in_zip[] = {
    {"data.pkl", "data/"},
    {"constants.pkl", "constants/"},
    {"traced_inputs.pkl", "traced_inputs/"},
};

tensor::TorchStorages storages_of(const RandomSource& payload,
                                  const std::vector<archive::Member>& members,
                                  const std::string& prefix, std::string_view folder) {
  tensor::TorchStorages storages;
  const std::string place = fmt::format("{}{}", prefix, folder);
  for (const archive::Member& member : members) {
    const bool is_stored = member.method == archive::stored;
    if (const auto key = storage_key(member, place)) {
      storages.by_key[std::string(*key)] = {is_stored ? std::optional(member.offset) : std::nullopt,
                                            member.bytes};
    } else if (member.name == fmt::format("{}byteorder", prefix) && is_stored &&
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
struct LegacyStorages {
  tensor::TorchStorages storages;
  std::optional<std::uint64_t> end;  // nothing: of some, the size is not told
};

LegacyStorages legacy_storages(const RandomSource& payload, std::uint64_t offset,
                               const pickle::Graph& object, const pickle::Graph& keys) {
  std::map<std::string, std::uint64_t, std::less<>> item_bytes;
  for (pickle::NodeId id = 0; id < object.size(); ++id) {
    if (const auto storage = tensor::read_storage_id(object, id)) {
      item_bytes[storage->key] = storage->item_bytes;
    }
  }
  LegacyStorages found;
  if (!keys.is(keys.root(), pickle::NodeKind::list)) return found;
  for (const pickle::Item& item : keys.items(keys.root())) {
    const auto key = keys.text(item.value);
    const auto known = key ? item_bytes.find(*key) : item_bytes.end();
    if (known == item_bytes.end()) return found;
    const auto truncated = [&] {
      return Error(Errc::corrupt, fmt::format("storage {} is truncated", base::printable(*key)));
    };
    std::array<std::byte, 8> count{};
    if (payload.size() - offset < count.size()) throw truncated();
    payload.read_at(offset, count);
    offset += count.size();
    std::uint64_t bytes = 0;
    const bool overflows =
        __builtin_mul_overflow(base::little_endian(count.data(), 8), known->second, &bytes);
    if (overflows || bytes > payload.size() - offset) throw truncated();
    found.storages.by_key[std::string(*key)] = {offset, bytes};
    offset += bytes;
  }
  found.end = offset;
  return found;
}

tensor::ReadTensor tensors_of(const pickle::Graph& graph, const tensor::TorchStorages& storages) {
  return [&](pickle::NodeId id) { return tensor::read_torch_tensor(graph, id, storages); };
}

// A legacy file with its storages.
struct Legacy {
  std::vector<std::unique_ptr<pickle::Graph>> graphs;
  tensor::TorchStorages storages;
  std::optional<std::uint64_t> end;
  const pickle::Graph& object() const { return *graphs[legacy_object]; }
};

Legacy read_legacy(const RandomSource& file, const Limits& limits) {
  Legacy legacy;
  std::uint64_t offset = 0;
  while (legacy.graphs.size() < archive::torch_legacy_pickles) {
    legacy.graphs.push_back(std::make_unique<pickle::Graph>(limits));
    offset = read_pickle(file, offset, file.size(), *legacy.graphs.back(), limits);
  }
  auto found = legacy_storages(file, offset, legacy.object(), *legacy.graphs[legacy_keys]);
  legacy.storages = std::move(found.storages);
  legacy.end = found.end;
  return legacy;
}

// Of bytes that hold one storage; nothing where they hold anything else.
std::optional<tensor::LoadedStorage> load_storage(const RandomSource& payload,
                                                  const pickle::Node& bytes, const Limits& limits) {
  const io::Range file(payload, bytes.offset, bytes.bytes);
  try {
    const Legacy legacy = read_legacy(file, limits);
    auto id = tensor::read_storage_id(legacy.object(), legacy.object().root());
    if (!id) return std::nullopt;
    const auto known = legacy.storages.by_key.find(id->key);
    if (known == legacy.storages.by_key.end()) return std::nullopt;
    tensor::Storage place = known->second;
    *place.offset += bytes.offset;
    return tensor::LoadedStorage{std::move(*id), place};
  } catch (const Error& error) {
    if (error.code() != Errc::unsupported && error.code() != Errc::corrupt) throw;
    return std::nullopt;
  }
}

}  // namespace

tensor::TorchStorages storages_inside(const RandomSource& payload, const Limits& limits) {
  // Many tensors may be of one storage.
  using Known = std::map<std::uint64_t, std::optional<tensor::LoadedStorage>>;
  tensor::TorchStorages storages;
  storages.load = [&payload, &limits, known = std::make_shared<Known>()](
                      const pickle::Graph& graph,
                      pickle::NodeId id) -> std::optional<tensor::LoadedStorage> {
    const bool has_bytes =
        graph.is(id, pickle::NodeKind::bytes) && graph.node(id).op != pickle::Op::next_buffer;
    if (!has_bytes) return std::nullopt;
    const pickle::Node& bytes = graph.node(id);
    const auto row = known->find(bytes.offset);
    if (row != known->end()) return row->second;
    return known->emplace(bytes.offset, load_storage(payload, bytes, limits)).first->second;
  };
  return storages;
}

void read_torch_zip(const RandomSource& payload, const std::vector<archive::Member>& members,
                    Unfolder& unfolder, const UseObject& use) {
  const std::string prefix = torch_folder(members);
  const Limits& limits = unfolder.limits();
  for (const PickleInZip& each : pickles_in_zip) {
    const std::string name = prefix + std::string(each.member);
    const auto member = std::find_if(members.begin(), members.end(),
                                     [&](const auto& one) { return one.name == name; });
    if (member == members.end()) continue;
    const bool is_object = &each == std::begin(pickles_in_zip);
    const std::string shown = is_object ? "" : std::string(each.member);
    tensor::TorchStorages storages = storages_of(payload, members, prefix, each.folder);
    pickle::Graph graph(limits);
    if (member->method == archive::stored) {
      read_pickle(payload, member->offset, member->offset + member->bytes, graph, limits);
      use(payload, graph, tensors_of(graph, storages), shown);
      continue;
    }
    const io::ScratchFile unfolded = unfolder.unfold(payload, *member);
    read_pickle(unfolded, 0, unfolded.size(), graph, limits);
    for (auto& [key, storage] : storages.by_key) storage.offset.reset();
    use(unfolded, graph, tensors_of(graph, storages), shown);
  }
}

std::optional<std::uint64_t> end_of_torch_legacy(const RandomSource& payload,
                                                 const Limits& limits) {
  return read_legacy(payload, limits).end;
}

void read_torch_legacy(const RandomSource& payload, const Limits& limits, const UseObject& use) {
  const Legacy legacy = read_legacy(payload, limits);
  use(payload, legacy.object(), tensors_of(legacy.object(), legacy.storages), "");
}

void read_torch_tar(const RandomSource& payload, const std::vector<archive::Member>& members,
                    const Limits& limits, const UseObject& use) {
  const TorchTar tar = read_torch_tar(payload, members, limits);
  const TorchTar::Pickle& object = tar.pickles.back();
  pickle::Graph graph(limits);
  read_pickle(payload, object.offset, object.offset + object.bytes, graph, limits);
  use(
      payload, graph, [&](pickle::NodeId id) { return tar.tensor(graph, id); }, "");
}

}  // namespace brine::store
