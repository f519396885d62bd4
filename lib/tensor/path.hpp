// How a path spells the steps from an object to what it holds. It can be read back: from one object
// no two steps are spelled alike, and none as the front of another.
//
//   path     = step *step                 the "." of the first step is left out before a name
//   step     = "." name                   an attribute, or a key that is a text
//            | "." quoted                 an attribute of another name
//            | "[" ( integer | key ) "]"  a position, or a key
//            | "[" integer 1*( "," integer ) "]"  in an array of objects, one for each dimension;
//                                       where it has none, `[()]`
//            | "()"                       the arguments of the call that makes an object
//   key      = quoted | "b" quoted | integer | float | "True" | "False" | "None"
//            | "(" [ key *( ", " key ) [","] ] ")"
//            | "#" position               of a key that is anything else, or too long
//   quoted   = %x22 *( character | "\\" | "\" %x22 | "\n" | "\r" | "\t" | "\x" 2HEXDIG ) %x22
//   name     = part *( "." part )         part: no blanks, control characters, .[]()"'\#
//
// A name with dots stands without quotes where no name beside it is its front: in a dict of `a.b`
// and `a` the first is `["a.b"]`. So the keys of a state dict are paths as people know them.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "brine/bytes.hpp"
#include "pickle/graph.hpp"
#include "pickle/node_reader.hpp"

namespace brine::tensor {

/// One step of a path, from an object that is known elsewhere.
struct Step {
  enum class Kind : std::uint8_t { attribute, item, arguments, known };
  Kind kind = Kind::item;
  bool is_bare = false;                  ///< of an attribute, or a key that is a text
  std::uint32_t position = 0;            ///< of an item
  pickle::NodeId key = pickle::no_node;  ///< no_node: the position is what it has
  /// Of an element of an array of objects: the tuple of extents.
  pickle::NodeId shape = pickle::no_node;
  std::string_view known = {};  ///< a name that the framework has for it
};

/// What leads to the parts of one object: of its attributes and its items.
class Steps {
 public:
  /// `attributes`: that `owner` has besides those of its state; `shape`: of the array of objects
  /// that it is the list of. Lifetime: borrows the graph.
  Steps(const pickle::Graph& graph, pickle::NodeId owner,
        pickle::NodeId attributes = pickle::no_node, pickle::NodeId shape = pickle::no_node);

  Step to_attribute(pickle::NodeId key, std::size_t position) const;
  Step to_item(pickle::NodeId key, std::size_t position) const;

 private:
  void collect(pickle::NodeId from, std::set<std::string_view>& names) const;
  bool is_bare(std::string_view name) const;

  const pickle::Graph& graph_;
  pickle::NodeId shape_;
  bool has_both_ = false;
  std::set<std::string_view> attributes_;
  std::set<std::string_view> items_;
};

/// Spells steps. Lifetime: borrows both. Throws: what `payload` throws.
class PathSpeller {
 public:
  /// Without a payload, keys that are known by their place only are told by their position.
  PathSpeller(const pickle::Graph& graph, const RandomSource* payload);

  std::string spelled(const Step& step);

 private:
  std::string position(const Step& step) const;
  std::optional<std::string> literal(pickle::NodeId key, int depth);
  std::optional<std::string> tuple(pickle::NodeId key, int depth);

  const pickle::Graph& graph_;
  std::optional<pickle::NodeReader> contents_;
};

/// Puts a path behind a place: `a` and `b` are `a.b`, `a` and `[0]` are `a[0]`.
std::string joined(std::string_view place, std::string_view path);

/// Spells a name that comes from no graph, such as that of a file, as the first step of a path.
std::string spelled_name(std::string_view name);

}  // namespace brine::tensor
