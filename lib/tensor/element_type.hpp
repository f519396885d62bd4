// What the elements of an array are, by the dtype that its pickle builds.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pickle/graph.hpp"

namespace brine::tensor {

struct ElementType {
  std::string name;  ///< as numpy spells it; rows as `{feature: int64, threshold: float64}`
  std::uint64_t bytes = 0;
};

/// Spells the fields of a row: `{a: int32, b: {c: float64[2x2]}}`.
class RowSpeller {
 public:
  void add(std::string_view field, std::string_view type);
  /// Nothing where there are none, or more than people read: then the row is named by its code.
  std::optional<std::string> spelled() const;

 private:
  std::string text_;
  std::uint32_t fields_ = 0;
};

/// Reads a code such as `f8`, `>i4` or `U12`. Nothing for what is none, and for objects.
std::optional<ElementType> read_type_code(std::string_view code);

/// Whether `id` makes a StringDType of numpy 2, whose elements are pickled as objects.
bool is_string_type(const pickle::Graph& graph, pickle::NodeId id);

/// Reads the call of numpy.dtype that `id` names. Nothing for what is no dtype, and for elements
/// that are no bytes, such as objects.
std::optional<ElementType> read_element_type(const pickle::Graph& graph, pickle::NodeId id);

}  // namespace brine::tensor
