// The values of a graph that hold no others, read from the payload where they stand.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>

#include "brine/value.hpp"
#include "pickle/graph.hpp"

namespace brine::tensor {

/// The bytes that the code points U+0000 to U+00FF stand for; nothing where there are others.
std::optional<std::string> to_latin1(std::string_view utf8);

/// Where a pickle writes bytes, sets and byte arrays as calls, and arrays of numpy as it always
/// does, they are values of their own and no instances.
class Leaves {
 public:
  /// Lifetime: borrows both.
  Leaves(const pickle::Graph& graph, const RandomSource& payload)
      : graph_(graph), payload_(payload) {}

  /// Reads a number, text, bytes, or one of the calls that stand for such. Nothing for the rest.
  std::optional<Value> read(pickle::NodeId id);

  /// Returns the list that a call makes a set of; no_node where it does nothing of that kind.
  /// A list serves once, so that a short payload cannot ask for many copies of it.
  pickle::NodeId list_of_set(pickle::NodeId id, Kind kind);

 private:
  using NodeId = pickle::NodeId;

  std::string argument(const pickle::Node& node) const;
  std::string plain_number(const pickle::Node& node) const;
  Value integer(NodeId id) const;
  Value real(const pickle::Node& node) const;
  bool boolean(NodeId id) const;
  Value text(NodeId id) const;
  /// Whether a bytes object or the call that makes one stands for no more than two bytes.
  bool is_tiny(NodeId id) const;
  std::optional<Value> call(NodeId id);
  std::optional<Value> array(NodeId id);

  std::string text_content(NodeId id) const;
  std::optional<std::string> raw_content(NodeId id) const;
  std::optional<std::string> dtype_code(NodeId id) const;
  std::shared_ptr<const std::string> kept_content(NodeId id);

  const pickle::Graph& graph_;
  const RandomSource& payload_;
  std::set<NodeId> served_;
  std::map<NodeId, std::shared_ptr<const std::string>> contents_;  // of arrays; null: none
  std::map<NodeId, std::optional<Value>> encoded_;  // by the text; nothing: it cannot be
};

}  // namespace brine::tensor
