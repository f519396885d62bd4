#include "store/graphs.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "archive/npy.hpp"
#include "archive/tar.hpp"
#include "archive/zip.hpp"
#include "base/text.hpp"
#include "brine/error.hpp"
#include "io/range.hpp"
#include "store/graph_reading.hpp"
#include "store/graphs_torch.hpp"
#include "store/members.hpp"
#include "store/pickle_stream.hpp"
#include "tensor/joblib.hpp"
#include "tensor/npy_type.hpp"
#include "tensor/torch.hpp"

namespace brine::store {
namespace {

using archive::Format;
using Body = std::function<void(const Part&)>;

std::uint64_t end_of_white_space(const RandomSource& payload, std::uint64_t offset) {
  std::byte next{};
  while (offset < payload.size()) {
    payload.read_at(offset, {&next, 1});
    if (!is_white_space(next)) break;
    ++offset;
  }
  return offset;
}

bool is_of_joblib(const pickle::Graph& graph) {
  return graph.has_symbol(tensor::is_joblib_wrapper);
}

TensorInfo array_of(const archive::NpyHeader& header, std::uint64_t offset, std::uint64_t bytes) {
  const std::uint64_t rest = bytes - header.bytes;
  const std::uint64_t data = header.data_bytes.value_or(rest);
  if (data > rest) throw Error(Errc::corrupt, "the array is truncated");
  return {.path = {},
          .dtype = tensor::spelled_npy_type(header.type),
          .shape = header.shape,
          .offset = offset + header.bytes,
          .bytes = data};
}

// One file, and those inside it.
class Visit {
 public:
  Visit(Unfolder& unfolder, const Body& body)
      : unfolder_(unfolder), limits_(unfolder.limits()), body_(body) {}

  void file(const RandomSource& file);

 private:
  void pickles(const RandomSource& file);
  void joblib(const RandomSource& file);
  void zips(const RandomSource& file);
  void zip(const RandomSource& file);
  void npy(const RandomSource& file, std::uint64_t offset, std::uint64_t bytes,
           const std::string& name = {});
  void npz(const RandomSource& file, const std::vector<archive::Member>& members);
  void packed_npy(const RandomSource& file, const archive::Member& member, const std::string& name);
  void tar(const RandomSource& file);
  void members(const RandomSource& file, const std::vector<archive::Member>& members);
  void member(const RandomSource& file, const archive::Member& member);
  Visit below(std::string_view name) const;
  Visit unfolded_below(std::string_view name) const;
  void hand_over(const RandomSource& file, Part part, bool is_in_place = true);
  UseObject hand_over_from(const RandomSource& file) {
    return [&](const RandomSource& source, const pickle::Graph& graph,
               const tensor::ReadTensor& read, const std::string& name) {
      below(name).hand_over(source, {.graph = &graph, .read_tensor = read}, &source == &file);
    };
  }

  Unfolder& unfolder_;
  const Limits& limits_;
  const Body& body_;
  std::string name_;                        // of the file under way
  std::optional<std::uint64_t> begin_ = 0;  // of it in the payload
  std::uint64_t number_ = 0;                // of it among zips in a row
  std::size_t depth_ = 0;
};

void Visit::hand_over(const RandomSource& file, Part part, bool is_in_place) {
  part.file = name_;
  part.number += number_;
  part.source = &file;
  if (is_in_place) part.begin = begin_;
  body_(part);
}

void Visit::file(const RandomSource& file) {
  if (depth_ > deepest_format) {
    throw Error(Errc::limit,
                fmt::format("over {} file formats are inside one another", deepest_format));
  }
  const Format format = format_of(file);
  switch (format) {
    case Format::pickle:
      return pickles(file);
    case Format::torch_legacy:
      return read_torch_legacy(file, limits_, hand_over_from(file));
    case Format::zip:
      return zips(file);
    case Format::tar:
      return tar(file);
    case Format::npy:
      return npy(file, 0, file.size());
    default:
      // On disk, as its formats are read from both ends.
      return unfolded_below("").file(unfolder_.unfold(file, format));
  }
}

void Visit::pickles(const RandomSource& file) {
  // Where a pickler for torch wrote without a container, its storages are elsewhere.
  const tensor::TorchStorages elsewhere = storages_inside(file, limits_);
  std::uint64_t offset = 0;
  for (std::uint64_t count = 0; count < limits_.max_pickles; ++count) {
    pickle::Graph graph(limits_);
    try {
      offset = read_pickle(file, offset, file.size(), graph, limits_);
    } catch (const Error& error) {
      if (count == 0 && is_of_joblib(graph)) return joblib(file);
      // What follows a pickle need not be one.
      if (count == 0 || error.code() == Errc::limit) throw;
      return;
    }
    // Without an array in it, or with ones that happened to read as opcodes.
    if (count == 0 && is_of_joblib(graph)) return joblib(file);
    hand_over(file, {.number = count, .graph = &graph, .read_tensor = [&](pickle::NodeId id) {
                       return tensor::read_torch_tensor(graph, id, elsewhere);
                     }});
    offset = end_of_white_space(file, offset);
    if (offset == file.size()) return;
  }
}

// A pickle with arrays between its opcodes.
void Visit::joblib(const RandomSource& file) {
  tensor::JoblibReader reader(nullptr, limits_);
  pickle::read_to_end(file, 0, file.size(), reader);
  require_stopped(reader, reader.graph());
  const tensor::TorchStorages inside = storages_inside(file, limits_);
  hand_over(file, {.graph = &reader.graph(), .read_tensor = [&](pickle::NodeId id) {
                     const auto array = reader.arrays().find(id);
                     return array == reader.arrays().end()
                                ? tensor::read_torch_tensor(reader.graph(), id, inside)
                                : std::optional<tensor::Tensor>(array->second);
                   }});
}

// The objects of an array are a pickle behind its header.
void Visit::npy(const RandomSource& file, std::uint64_t offset, std::uint64_t bytes,
                const std::string& name) {
  const archive::NpyHeader header = archive::read_npy(file, offset, bytes);
  if (!header.holds_objects) {
    TensorInfo array = array_of(header, offset, bytes);
    array.path = base::printable(name);
    return hand_over(file, {.array = std::move(array)});
  }
  pickle::Graph graph(limits_);
  read_pickle(file, offset + header.bytes, offset + bytes, graph, limits_);
  const tensor::TorchStorages elsewhere = storages_inside(file, limits_);
  below(name).hand_over(file, {.graph = &graph, .read_tensor = [&](pickle::NodeId id) {
                                 return tensor::read_torch_tensor(graph, id, elsewhere);
                               }});
}

void Visit::npz(const RandomSource& file, const std::vector<archive::Member>& members) {
  for (const archive::Member& member : members) {
    if (!member.name.ends_with(".npy")) continue;
    const std::string name = member.name.substr(0, member.name.size() - 4);
    in_context(base::printable(member.name), [&] {
      if (member.method == archive::stored) return npy(file, member.offset, member.bytes, name);
      packed_npy(file, member, name);
    });
  }
}

void Visit::packed_npy(const RandomSource& file, const archive::Member& member,
                       const std::string& name) {
  const auto decoded = unfolder_.open(file, member);
  const Front front(*decoded, member.bytes, most_header_bytes);
  const archive::NpyHeader header = archive::read_npy(front, 0, member.bytes);
  if (header.holds_objects) {
    const io::ScratchFile unfolded = unfolder_.unfold(file, member);
    return unfolded_below("").npy(unfolded, 0, unfolded.size(), name);
  }
  // Its elements are not needed to list it.
  TensorInfo array = array_of(header, 0, member.bytes);
  array.path = base::printable(name);
  array.offset.reset();
  hand_over(file, {.array = std::move(array), .member = &member}, false);
}

void Visit::zips(const RandomSource& file) {
  const auto zips = archive::find_zips(file, limits_);
  if (zips.size() == 1) return zip(file);
  for (std::size_t i = 0; i < zips.size(); ++i) {
    Visit inner(*this);
    inner.number_ = i;
    if (begin_) inner.begin_ = *begin_ + zips[i].offset;
    in_context(fmt::format("zip {} of {}", i + 1, zips.size()),
               [&] { inner.zip(io::Range(file, zips[i].offset, zips[i].bytes)); });
  }
}

void Visit::zip(const RandomSource& file) {
  const auto found = archive::read_zip(file, limits_);
  const std::string_view format = archive::zip_format(found);
  if (format == "npz") return npz(file, found);
  if (format == "torch-zip" || format == "torchscript") {
    return read_torch_zip(file, found, unfolder_, hand_over_from(file));
  }
  members(file, found);
}

void Visit::tar(const RandomSource& file) {
  const auto found = archive::read_tar(file, limits_);
  if (archive::tar_format(found) == "torch-tar") {
    return read_torch_tar(file, found, limits_, hand_over_from(file));
  }
  members(file, found);
}

// Of many files in a container, those of interest.
void Visit::members(const RandomSource& file, const std::vector<archive::Member>& members) {
  for (const archive::Member& each : members) {
    if (!each.is_file) continue;
    const std::string_view doubt = each.is_encrypted ? " (marked as encrypted)" : "";
    in_context(fmt::format("{}{}", base::printable(each.name), doubt), [&] { member(file, each); });
  }
}

void Visit::member(const RandomSource& file, const archive::Member& member) {
  // What nobody can read is of no interest, unless its name says so.
  if (!Unfolder::can_open(member) && !is_pickle_name(member.name)) return;
  if (!may_hold_pickle(head_of(file, member, unfolder_), member.name)) return;
  if (member.method != archive::stored) {
    return unfolded_below(member.name).file(unfolder_.unfold(file, member));
  }
  Visit inner = below(member.name);
  if (begin_) inner.begin_ = *begin_ + member.offset;
  ++inner.depth_;
  inner.file(io::Range(file, member.offset, member.bytes));
}

// Of a file inside this one.
Visit Visit::below(std::string_view name) const {
  Visit inner(*this);
  inner.name_ += (name_.empty() || name.empty() ? "" : "/") + base::printable(name);
  return inner;
}

Visit Visit::unfolded_below(std::string_view name) const {
  Visit inner = below(name);
  inner.begin_.reset();
  ++inner.depth_;
  return inner;
}

}  // namespace

void each_part(const RandomSource& payload, const Limits& limits, const Body& body) {
  Unfolder unfolder(payload.size(), limits);
  Visit(unfolder, body).file(payload);
}

}  // namespace brine::store
