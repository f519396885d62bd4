// Tensors of torch, as the calls that a pickle makes for them.
//
//   tensor  = _rebuild_tensor(storage, offset, size, stride)
//           | _rebuild_tensor_v2(storage, offset, size, stride, requires_grad, hooks, ...)
//           | _rebuild_tensor_v3(storage, offset, size, stride, requires_grad, hooks, dtype, ...)
//           | _rebuild_qtensor(storage, offset, size, stride, quantiser, requires_grad, hooks)
//           | _rebuild_meta_tensor_no_storage(dtype, size, stride, requires_grad)
//           | _rebuild_from_type_v2(one of these functions, class, its arguments, state)
//           | TensorStorageMetadata() + state {size, properties...}    of a distributed checkpoint
//   storage = persistent id ('storage', class, key, location, elements [, view])
//           | torch.storage._load_from_bytes(a legacy file)    as pickle and joblib write it
//
// The elements stand outside of the pickle: in a zip in the member data/KEY, in a legacy file
// behind the last pickle. Source: torch/_utils.py, torch/serialization.py (facts only).
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "brine/snapshot.hpp"
#include "pickle/graph.hpp"
#include "tensor/tensor.hpp"

namespace brine::tensor {

/// Where the elements of one storage stand in the payload. Nothing: not as they are.
struct Storage {
  std::optional<std::uint64_t> offset;
  std::uint64_t bytes = 0;
};

/// What the elements of a storage are.
struct StorageClass {
  std::string dtype;
  std::uint64_t item_bytes = 0;
};

/// What a pickle says of a storage.
struct StorageId {
  std::string key;
  std::string dtype;
  std::uint64_t item_bytes = 0;
  std::uint64_t items = 0;
};

/// A storage that stands in a byte string.
struct LoadedStorage {
  StorageId id;
  Storage place;
};

/// The storages of one file, by their keys.
struct TorchStorages {
  std::map<std::string, Storage, std::less<>> by_key;
  bool is_big_endian = false;
  /// Looks into a node of bytes; nothing where they are no storage. Null: nobody looks.
  std::function<std::optional<LoadedStorage>(const pickle::Graph&, pickle::NodeId)> load = {};
};

/// What a tensor holds besides its elements.
struct TensorParts {
  pickle::NodeId state = pickle::no_node;  ///< that brings attributes
  std::vector<std::pair<std::string_view, pickle::NodeId>> named;
};

/// Reads a class such as torch.FloatStorage. Nothing for another node.
std::optional<StorageClass> read_storage_class(const pickle::Graph& graph, pickle::NodeId id);

/// The tensor that begins at element `first` of a storage, without a path. The offset is absent
/// where its elements do not stand in one row. Nothing where it reaches over the end, or where
/// `shape` and `stride` differ in length.
std::optional<Tensor> read_strided(const StorageClass& type, const Storage& storage,
                                   std::uint64_t first, std::vector<std::uint64_t> shape,
                                   const std::vector<std::uint64_t>& stride);

/// Reads a persistent id. Nothing for another node.
std::optional<StorageId> read_storage_id(const pickle::Graph& graph, pickle::NodeId id);

/// Reads the tensor or storage that `id` names; its path is left empty. Nothing for what is none,
/// and for one that reaches over the end of its storage. The offset is absent where the elements do
/// not stand in one row, as in a transposed view.
std::optional<Tensor> read_torch_tensor(const pickle::Graph& graph, pickle::NodeId id,
                                        const TorchStorages& storages);

/// Returns what hangs on the tensor that `id` names: attributes, scales of its elements.
TensorParts parts_of_tensor(const pickle::Graph& graph, pickle::NodeId id);

/// Returns the tensor that a parameter, or another wrapper without data of its own, is made of, or
/// no_node.
pickle::NodeId held_tensor(const pickle::Graph& graph, pickle::NodeId id);

}  // namespace brine::tensor
