// Arrays and scalars of numpy, as the calls that a pickle makes for them.
//
//   _reconstruct(class, (0,), b'b')  + state (version, shape, dtype, is_fortran, data)
//   _frombuffer(data, dtype, shape, order)
//   scalar(dtype, data)
//   _mareconstruct(class, base, (0,), b'b')
//                 + state (version, shape, dtype, is_fortran, data, mask, fill value)
//   ZNDArrayWrapper() + {'state': (version, shape, dtype, is_fortran), 'filename': ...}
//   data = bytes | _codecs.encode(text, 'latin1') | bytes()
//
// The second line is that of protocol 5; the forms of `data` behind the first are how Python 3
// writes bytes into protocol 2. In a pickle of Python 2, data is a string.
// The wrapper is of joblib before 0.10, its data in a file of its own.
// Source: numpy/core/src/multiarray/methods.c and scalartypes.c.src, numpy/core/numeric.py;
// joblib/numpy_pickle_compat.py (facts only).
#pragma once

#include <optional>

#include "brine/snapshot.hpp"
#include "pickle/graph.hpp"
#include "tensor/tensor.hpp"

namespace brine::tensor {

/// Reads the array or scalar that `id` names; its path is left empty. Nothing for what is none, or
/// what numpy would refuse, such as data that is too short for its shape.
std::optional<Tensor> read_array(const pickle::Graph& graph, pickle::NodeId id);

/// What an array with a mask is made of, without paths.
struct MaskedArray {
  Tensor data;
  std::optional<Tensor> mask;
  pickle::NodeId fill_value = pickle::no_node;
};

/// Nothing for another node.
std::optional<MaskedArray> read_masked_array(const pickle::Graph& graph, pickle::NodeId id);

/// An array of objects: a row of the list, and what is looked into.
struct ObjectArray {
  Tensor array;
  pickle::NodeId objects = pickle::no_node;
  pickle::NodeId shape = pickle::no_node;  ///< the tuple of its extents
};

/// Nothing for another node.
std::optional<ObjectArray> read_object_array(const pickle::Graph& graph, pickle::NodeId id);

}  // namespace brine::tensor
