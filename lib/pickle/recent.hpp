// The tuples, dicts and lists that a pickle made last, with what they hold.
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
  /// Notes a new tuple or dict; returns the number that it is asked by, 0 when numbers run out.
  std::uint32_t add(Abstracts items);

  /// The same for a new list, of which only the length is kept.
  std::uint32_t add_list(std::size_t length);
  void lengthen(std::uint32_t number, std::size_t by);

  /// Returns the length of a list, the product of a tuple of numbers; none: not known.
  std::optional<std::uint64_t> count(std::uint32_t number);

  /// Notes what goes into the dict of this number. Returns false when it is sealed.
  bool append(std::uint32_t number, Abstracts items);

  /// Notes that the tuple or dict goes into an object. Returns false when it is sealed.
  bool use(std::uint32_t number);

  /// Notes that a call takes the tuple apart, so that no object holds it. Returns false when one
  /// may, or when a call has done so before.
  bool take(std::uint32_t number);

  enum class Taken : std::uint8_t { no, yes, unknown };
  /// Returns whether a call took the tuple apart, and forgets that.
  Taken take_back(std::uint32_t number);

  /// Returns all that it holds; none: not known. Lifetime: until the next add() or append().
  std::optional<Abstracts> items(std::uint32_t number);

  /// From now on nothing may be put into the dict, nor may another object hold it. Returns false
  /// when two do already, or when too many are sealed.
  bool seal(std::uint32_t number);

 private:
  static constexpr std::size_t most_kept = 256;
  static constexpr std::size_t most_items = 64;
  static constexpr std::size_t most_sealed = 4096;
  static constexpr std::size_t most_counts = 1U << 16;

  struct Entry {
    std::uint32_t number = 0;
    bool is_whole = false;
    bool is_used = false;
    bool is_shared = false;
    bool is_taken = false;
    std::vector<Abstract> items;
  };
  struct Count {
    std::uint32_t number = 0;
    std::uint64_t count = 0;
  };

  // What belongs to a number stands at its remainder. They grow with the pickle, up to a round.
  template <typename Row>
  static Row& row_for(std::vector<Row>& rows, std::size_t most, std::uint32_t number);
  template <typename Row>
  static Row* find(std::vector<Row>& rows, std::size_t most, std::uint32_t number);
  static void put(Entry& entry, Abstracts items);

  std::vector<Entry> kept_;
  std::vector<Count> counts_;
  std::uint32_t last_ = 0;
  std::set<std::uint32_t> sealed_;
};

}  // namespace brine::pickle
