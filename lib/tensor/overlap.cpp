#include "tensor/overlap.hpp"

#include <algorithm>
#include <iterator>

namespace brine::tensor {
namespace {

std::optional<Extent> extent_of(const Tensor& tensor) {
  if (tensor.extent || !tensor.offset) return tensor.extent;
  return Extent{{}, *tensor.offset, *tensor.offset + tensor.bytes};
}

}  // namespace

Overlap::Found Overlap::add(const Tensor& tensor, std::size_t number) {
  const auto extent = extent_of(tensor);
  if (!extent || extent->begin >= extent->end) return {};
  Pieces& pieces = storages_[extent->storage];
  Found found;
  std::uint64_t own = 0;
  auto next = pieces.upper_bound(extent->begin);
  if (next != pieces.begin() && std::prev(next)->second.end > extent->begin) --next;
  for (std::uint64_t at = extent->begin; at < extent->end;) {
    const bool is_taken = next != pieces.end() && next->first <= at;
    if (is_taken) {
      if (!found.with) found.with = next->second.number;
      at = next->second.end;
      ++next;
      continue;
    }
    const std::uint64_t end =
        next == pieces.end() ? extent->end : std::min(next->first, extent->end);
    pieces.emplace_hint(next, at, Piece{end, number});
    own += end - at;
    at = end;
  }
  // A view with gaps spans more bytes than it has.
  found.bytes = tensor.bytes - std::min(own, tensor.bytes);
  if (!found.with) found.bytes = 0;
  return found;
}

}  // namespace brine::tensor
