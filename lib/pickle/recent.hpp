// The tuples and dicts that a pickle made last, with what they hold.
//
// The machine keeps eight bytes a value and no graph. But what a call is given stands in a tuple
// that was made just before, and the fields of a numpy dtype in a dict just before that: so the
// latest of them are kept, and of any other nothing is known, which nobody may take for harmless.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <vector>

#include "pickle/abstract.hpp"

namespace brine::pickle {

class Recent {
 public:
  Recent() : kept_(most_kept) {}

  /// Notes a new tuple or dict; returns the number that it is asked by, 0 when numbers run out.
  std::uint32_t add(Abstracts items);

  /// Notes what goes into the dict of this number. Returns false when it is sealed.
  bool append(std::uint32_t number, Abstracts items);

  /// Notes that the dict goes into an object. Returns false when it is sealed.
  bool use(std::uint32_t number);

  /// Returns all that it holds; none: not known. Lifetime: until the next add() or append().
  std::optional<Abstracts> items(std::uint32_t number) const;

  /// From now on nothing may be put into the dict, nor may another object hold it. Returns false
  /// when two do already, or when too many are sealed.
  bool seal(std::uint32_t number);

 private:
  static constexpr std::size_t most_kept = 256;
  static constexpr std::size_t most_items = 64;
  static constexpr std::size_t most_sealed = 4096;

  struct Entry {
    std::uint32_t number = 0;
    bool is_whole = false;
    bool is_used = false;
    bool is_shared = false;
    std::vector<Abstract> items;
  };

  static void put(Entry& entry, Abstracts items);

  std::vector<Entry> kept_;  // that of a number stands at its remainder
  std::uint32_t last_ = 0;
  std::set<std::uint32_t> sealed_;
};

}  // namespace brine::pickle
