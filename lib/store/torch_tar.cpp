#include "store/torch_tar.hpp"

#include <fmt/format.h>

#include <array>

#include "base/arithmetic.hpp"
#include "base/text.hpp"
#include "brine/error.hpp"
#include "store/graph_reading.hpp"
#include "tensor/nodes.hpp"
#include "tensor/torch.hpp"

namespace brine::store {
namespace {

using pickle::Graph;
using pickle::NodeId;

constexpr std::int64_t most_dimensions = 64;

[[noreturn]] void damaged(const std::string& what) {
  throw Error(Errc::corrupt, "the tar of torch " + what);
}

struct StorageRow {
  tensor::StorageClass type;
  std::uint64_t offset = 0;
  std::uint64_t bytes = 0;
};

class Reader {
 public:
  Reader(const RandomSource& tar, const Limits& limits) : tar_(tar), limits_(limits) {}

  void open(const archive::Member& member) {
    member_ = member.name;
    offset_ = member.offset;
    end_ = member.offset + member.bytes;
  }

  Graph pickle() {
    Graph graph(limits_);
    const std::uint64_t begin = offset_;
    offset_ = read_pickle(tar_, offset_, end_, graph, limits_);
    found_.pickles.push_back({member_, begin, offset_ - begin});
    base::require_within(found_.pickles.size(), limits_.max_pickles, "max_pickles");
    return graph;
  }

  std::uint64_t number() {
    std::array<std::byte, 8> bytes{};
    take(bytes.size(), [&](std::uint64_t at) { tar_.read_at(at, bytes); });
    return base::little_endian(bytes.data(), bytes.size());
  }

  template <typename Use>
  void take(std::uint64_t bytes, Use use) {
    if (bytes > end_ - offset_) damaged(fmt::format("has {} truncated", base::printable(member_)));
    use(offset_);
    offset_ += bytes;
  }

  std::uint64_t count() {
    const Graph graph = pickle();
    const auto count = graph.integer(graph.root());
    if (!count || *count < 0) damaged("has no count where one belongs");
    return static_cast<std::uint64_t>(*count);
  }

  void read_storages();
  void read_views();
  void read_tensors();
  void read_tensor();
  TorchTar take_found() { return std::move(found_); }

 private:
  // Keys are integers, and texts where persistent ids spell them.
  static std::string key_of(const Graph& graph, NodeId id) {
    if (const auto text = graph.text(id)) return std::string(*text);
    const auto number = graph.integer(id);
    if (!number) damaged("has a key that is neither number nor text");
    return fmt::format("{}", *number);
  }

  const RandomSource& tar_;
  const Limits& limits_;
  std::string member_;
  std::uint64_t offset_ = 0;
  std::uint64_t end_ = 0;
  std::map<std::string, StorageRow> storages_;
  TorchTar found_;
};

void Reader::read_storages() {
  for (std::uint64_t rest = count(); rest > 0; --rest) {
    const Graph graph = pickle();
    const auto parts = tensor::tuple_values(graph, graph.root(), 3);
    const auto type =
        parts.size() == 3 ? tensor::read_storage_class(graph, parts[2]) : std::nullopt;
    if (!type) damaged("has a storage of no known class");
    StorageRow row{.type = *type};
    row.bytes = base::checked_mul(number(), type->item_bytes, "bytes of a storage");
    take(row.bytes, [&](std::uint64_t at) { row.offset = at; });
    storages_[key_of(graph, parts[0])] = row;
  }
  read_views();
}

void Reader::read_views() {
  const Graph graph = pickle();
  for (const pickle::Item& item : graph.items(graph.root())) {
    const auto parts = tensor::tuple_values(graph, item.value, 4);
    const auto known =
        parts.size() == 4 ? storages_.find(key_of(graph, parts[1])) : storages_.end();
    if (known == storages_.end()) damaged("has a view of no storage");
    StorageRow row = known->second;
    const auto first = graph.integer(parts[2]);
    const auto items = graph.integer(parts[3]);
    if (!first || !items || *first < 0 || *items < 0) damaged("has a view of no extent");
    const auto skipped = base::checked_mul(static_cast<std::uint64_t>(*first), row.type.item_bytes,
                                           "bytes of a view");
    const auto bytes = base::checked_mul(static_cast<std::uint64_t>(*items), row.type.item_bytes,
                                         "bytes of a view");
    if (skipped > row.bytes || bytes > row.bytes - skipped)
      damaged("has a view beyond its storage");
    storages_[key_of(graph, parts[0])] = {row.type, row.offset + skipped, bytes};
  }
}

void Reader::read_tensors() {
  for (std::uint64_t rest = count(); rest > 0; --rest) read_tensor();
}

void Reader::read_tensor() {
  const Graph graph = pickle();
  const auto parts = tensor::tuple_values(graph, graph.root(), 3);
  const auto known = parts.size() == 3 ? storages_.find(key_of(graph, parts[1])) : storages_.end();
  if (known == storages_.end()) damaged("has a tensor without a storage");
  const auto dimensions = static_cast<std::int64_t>(number() & 0xffffffff);
  if (dimensions > most_dimensions) damaged(fmt::format("has a tensor of {} axes", dimensions));
  std::vector<std::uint64_t> shape;
  std::vector<std::uint64_t> stride;
  for (auto* extents : {&shape, &stride}) {
    for (std::int64_t i = 0; i < dimensions; ++i) extents->push_back(number());
  }
  const StorageRow& row = known->second;
  auto tensor = tensor::read_strided(row.type, {row.offset, row.bytes}, number(), shape, stride);
  if (!tensor) damaged("has a tensor beyond its storage");
  found_.tensors[key_of(graph, parts[0])] = std::move(*tensor);
}

const archive::Member* member_named(const std::vector<archive::Member>& members,
                                    std::string_view name) {
  const auto found =
      std::find_if(members.begin(), members.end(), [&](const archive::Member& member) {
        return member.name == name || member.name == fmt::format("./{}", name);
      });
  return found == members.end() ? nullptr : &*found;
}

}  // namespace

std::optional<tensor::Tensor> TorchTar::tensor(const Graph& graph, NodeId id) const {
  if (!graph.is(id, pickle::NodeKind::persistent)) return std::nullopt;
  const auto key = graph.text(graph.arguments(id));
  const auto found = key ? tensors.find(*key) : tensors.end();
  return found == tensors.end() ? std::nullopt : std::optional(found->second);
}

TorchTar read_torch_tar(const RandomSource& tar, const std::vector<archive::Member>& members,
                        const Limits& limits) {
  Reader reader(tar, limits);
  if (const auto* const info = member_named(members, "sys_info")) {
    reader.open(*info);
    reader.pickle();
  }
  // Requires: tar_format() is torch-tar, so that they are there.
  reader.open(*member_named(members, "storages"));
  reader.read_storages();
  reader.open(*member_named(members, "tensors"));
  reader.read_tensors();
  reader.open(*member_named(members, "pickle"));
  reader.pickle();
  return reader.take_found();
}

}  // namespace brine::store
