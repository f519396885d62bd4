// The tar of torch before 0.1.10.
//
//   storages = count *( pickle raw ) views     count, views: pickles
//   tensors  = count *( pickle sizes )
//   pickle   = (key, location, class)          of a storage; its raw: number of elements, elements
//            | (key, key of storage, class)    of a tensor; its sizes, in 8 bytes each but the
//            first:
//                                              dimensions (4, and 4 unused), extents, strides,
//                                              first
//   views    = [(key, key of storage, first element, number of elements), ...]
//
// The member `pickle` is the object; persistent ids in it are keys of tensors and storages.
// Source: torch/serialization.py, legacy_load (facts only).
#pragma once

#include <map>
#include <string>
#include <vector>

#include "archive/member.hpp"
#include "brine/snapshot.hpp"
#include "pickle/graph.hpp"
#include "tensor/tensor.hpp"

namespace brine::store {

struct TorchTar {
  struct Pickle {
    std::string member;
    std::uint64_t offset = 0;  ///< in the tar
    std::uint64_t bytes = 0;
  };
  std::vector<Pickle> pickles;  ///< all, that of the object last
  /// By their keys, without paths.
  std::map<std::string, tensor::Tensor, std::less<>> tensors;

  /// The tensor that `id` looks up; nothing for another node.
  std::optional<tensor::Tensor> tensor(const pickle::Graph& graph, pickle::NodeId id) const;
};

/// Throws: corrupt, unsupported (a pickle that breaks off), limit.
TorchTar read_torch_tar(const RandomSource& tar, const std::vector<archive::Member>& members,
                        const Limits& limits);

}  // namespace brine::store
