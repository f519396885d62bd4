#include "store/graphs.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "archive/npy.hpp"
#include "archive/tar.hpp"
#include "archive/zip.hpp"
#include "base/text.hpp"
#include "brine/error.hpp"
#include "io/range.hpp"
#include "store/decoded.hpp"
#include "store/graph_reading.hpp"
#include "store/graphs_torch.hpp"
#include "store/pickle_stream.hpp"
#include "tensor/element_type.hpp"
#include "tensor/joblib.hpp"
#include "tensor/torch.hpp"

namespace brine::store {
namespace {

using archive::Format;
using Body = std::function<void(const Part&)>;

constexpr std::size_t deepest = 3;              // file formats inside one another
constexpr std::size_t most_header = 64U << 10;  // of an array inside a compressed member

std::uint64_t end_of_white_space(const RandomSource& payload, std::uint64_t offset) {
  std::byte next{};
  while (offset < payload.size()) {
    payload.read_at(offset, {&next, 1});
    if (!is_white_space(next)) break;
    ++offset;
  }
  return offset;
}

bool begins_like_pickle(const RandomSource& file) {
  std::byte first{};
  if (file.size() > 0) file.read_at(0, {&first, 1});
  return first == protocol_opcode;
}

bool is_of_joblib(const pickle::Graph& graph) {
  return graph.has_symbol(tensor::is_joblib_wrapper);
}

TensorInfo array_of(const archive::NpyHeader& header, std::uint64_t offset, std::uint64_t bytes) {
  const std::uint64_t rest = bytes - header.bytes;
  const std::uint64_t data = header.data_bytes.value_or(rest);
  if (data > rest) throw Error(Errc::corrupt, "the array is truncated");
  const auto type = tensor::read_type_code(header.type);
  return {.path = {},
          .dtype = type ? type->name : header.type,
          .shape = header.shape,
          .offset = offset + header.bytes,
          .bytes = data};
}

// One file, and those inside it.
class Visit {
 public:
  Visit(const Limits& limits, const Body& body) : limits_(limits), body_(body) {}

  void file(const RandomSource& file);

 private:
  void pickles(const RandomSource& file);
  void joblib(const RandomSource& file);
  void zip(const RandomSource& file);
  void npy(const RandomSource& file, std::uint64_t offset, std::uint64_t bytes,
           const std::string& name = {});
  void npz(const RandomSource& file, const std::vector<archive::ZipMember>& members);
  void tar(const RandomSource& file);
  void compressed(const RandomSource& file, Format format);
  void inner(const RandomSource& file, const std::string& name, std::uint64_t offset,
             std::uint64_t bytes);
  void hand_over(const RandomSource& file, Part part, bool is_in_place = true);
  UseObject hand_over_from(const RandomSource& file) {
    return [&](const RandomSource& source, const pickle::Graph& graph,
               const tensor::ReadTensor& read, const std::string& name) {
      Visit below(*this);
      below.name_ += (name_.empty() || name.empty() ? "" : "/") + name;
      below.hand_over(source, {.graph = &graph, .read_tensor = read}, &source == &file);
    };
  }

  const Limits& limits_;
  const Body& body_;
  std::string name_;                        // of the file under way
  std::optional<std::uint64_t> begin_ = 0;  // of it in the payload
  std::size_t depth_ = 0;
};

void Visit::hand_over(const RandomSource& file, Part part, bool is_in_place) {
  part.file = name_;
  part.source = &file;
  if (is_in_place) part.begin = begin_;
  body_(part);
}

void Visit::file(const RandomSource& file) {
  if (depth_ > deepest) {
    throw Error(Errc::limit, fmt::format("over {} file formats are inside one another", deepest));
  }
  const Format format = format_of(file);
  switch (format) {
    case Format::pickle:
      return pickles(file);
    case Format::torch_legacy:
      return read_torch_legacy(file, limits_, hand_over_from(file));
    case Format::zip:
      return zip(file);
    case Format::tar:
      return tar(file);
    case Format::npy:
      return npy(file, 0, file.size());
    default:
      return compressed(file, format);
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
  require_stopped(reader);
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
    array.path = name;
    return hand_over(file, {.array = std::move(array)});
  }
  pickle::Graph graph(limits_);
  read_pickle(file, offset + header.bytes, offset + bytes, graph, limits_);
  Visit below(*this);
  below.name_ += (name_.empty() || name.empty() ? "" : "/") + name;
  const tensor::TorchStorages elsewhere = storages_inside(file, limits_);
  below.hand_over(file, {.graph = &graph, .read_tensor = [&](pickle::NodeId id) {
                           return tensor::read_torch_tensor(graph, id, elsewhere);
                         }});
}

void Visit::npz(const RandomSource& file, const std::vector<archive::ZipMember>& members) {
  for (const archive::ZipMember& member : members) {
    if (!member.name.ends_with(".npy")) continue;
    const std::string name = base::printable(member.name.substr(0, member.name.size() - 4));
    in_context(base::printable(member.name), [&] {
      if (member.method == 0) return npy(file, member.offset, member.bytes, name);
      const auto decoded = decode(file, member, limits_);
      const Front front(*decoded, member.bytes, most_header);
      const archive::NpyHeader header = archive::read_npy(front, 0, member.bytes);
      Visit below(*this);
      below.begin_.reset();
      if (header.holds_objects) {
        const io::ScratchFile unfolded = unfold(*decode(file, member, limits_), limits_);
        return below.npy(unfolded, 0, unfolded.size(), name);
      }
      // Its elements are not needed to list it.
      TensorInfo array = array_of(header, 0, member.bytes);
      array.path = name;
      array.offset.reset();
      below.hand_over(file, {.array = std::move(array), .member = &member});
    });
  }
}

void Visit::zip(const RandomSource& file) {
  const auto members = archive::read_zip(file, limits_);
  const std::string_view format = archive::zip_format(members);
  if (format == "npz") return npz(file, members);
  if (format == "torch-zip" || format == "torchscript") {
    return read_torch_zip(file, members, limits_, hand_over_from(file));
  }
  for (const archive::ZipMember& member : members) {
    if (member.method == 0) {
      inner(file, member.name, member.offset, member.bytes);
      continue;
    }
    const io::ScratchFile unfolded = unfold(*decode(file, member, limits_), limits_);
    Visit below(*this);
    below.begin_.reset();
    below.inner(unfolded, member.name, 0, unfolded.size());
  }
}

void Visit::tar(const RandomSource& file) {
  const auto members = archive::read_tar(file, limits_);
  if (archive::tar_format(members) == "torch-tar") {
    return read_torch_tar(file, members, limits_, hand_over_from(file));
  }
  for (const archive::TarMember& member : members) {
    if (!member.is_file) continue;
    inner(file, member.name, member.offset, member.bytes);
  }
}

// One of many files in a container, should it be of interest.
void Visit::inner(const RandomSource& file, const std::string& name, std::uint64_t offset,
                  std::uint64_t bytes) {
  const io::Range part(file, offset, bytes);
  const bool is_worth = format_of(part) != Format::pickle || begins_like_pickle(part) ||
                        name.ends_with(".pkl") || name.ends_with(".pickle");
  if (!is_worth) return;
  Visit below(*this);
  below.name_ += (name_.empty() ? "" : "/") + base::printable(name);
  if (begin_) below.begin_ = *begin_ + offset;
  ++below.depth_;
  in_context(base::printable(name), [&] { below.file(part); });
}

// Unfolded on disk, as its formats are read from both ends.
void Visit::compressed(const RandomSource& file, Format format) {
  const io::ScratchFile unfolded = unfold(*decode(file, format, limits_), limits_);
  Visit below(*this);
  below.begin_.reset();
  ++below.depth_;
  below.file(unfolded);
}

}  // namespace

archive::Format format_of(const RandomSource& payload) {
  Bytes head(
      static_cast<std::size_t>(std::min<std::uint64_t>(archive::sniff_bytes, payload.size())));
  payload.read_at(0, head);
  return archive::sniff(head);
}

void each_part(const RandomSource& payload, const Limits& limits, const Body& body) {
  Visit(limits, body).file(payload);
}

}  // namespace brine::store
