// From a value to the opcodes that CPython's C pickler would write for it, memo numbers included.
// Source: Modules/_pickle.c (3.11), numpy/core/src/multiarray/methods.c; facts only.
#pragma once

#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "brine/value.hpp"
#include "pickle/frames.hpp"

namespace brine::pickle {

/// Writes one value. Iterative: what is to be done is kept in a stack of tasks.
class Encoder {
 public:
  Encoder(Sink& sink, int protocol) : out_(sink, protocol), protocol_(protocol) {}

  void run(const Value& value);

 private:
  using Index = std::uint32_t;
  enum class Step : std::uint8_t {
    save,
    build,  // ends a state
    // Filling a container, see the table of fillings.
    list,
    items,
    set,
    dict,
    pairs,
    // What stands behind a MARK or on the stack alone.
    members,
    close_tuple,
    close_frozen,
    close_reduced,  // a set as a call
    close_instance,
  };
  struct Task {
    Step step;
    const Value* value;
    std::size_t at = 0;
  };
  struct Filling;

  void work(Task task);
  void fill(const Task& task, const Filling& filling);
  void again(const Task& task) { tasks_.push_back({task.step, task.value, task.at + 1}); }

  void save(const Value& value);
  void save_integer(const Value& value);
  void save_raw(const Value& value);
  void save_object(const Value& value);
  void save_sequence(const Value& value);
  void save_tuple(const Value& value);
  void save_set(const Value& value);
  void save_instance(const Value& value);
  void save_array(const Value& value);
  void close_tuple(const Value& value);
  void close_instance(const Value& value);
  /// True: the object came into the memo while its parts were written; it has been fetched.
  bool fetch_if_known(const Value& value);

  void write_text(std::string_view text);
  void write_bytes(ByteView bytes);
  void write_bytes_as_text(ByteView bytes);
  /// As the protocol has it.
  Symbol spelled(const Symbol& symbol) const;
  void write_symbol(const Symbol& symbol);
  /// A text or bytes of the form itself, of which CPython has one object each: names, codes.
  void write_shared(Kind kind, std::string_view content);
  void write_tuple_end(std::size_t count);

  void write_array_data(ByteView data);
  void write_shape(std::span<const std::uint64_t> shape);
  void write_dtype(std::string_view dtype);

  void put() { put_at(next_); }
  void put_at(Index index);
  void get(Index index);
  void remember(const Value& value);
  [[noreturn]] void cannot(const std::string& what) const;
  std::string path() const;

  FrameWriter out_;
  int protocol_;
  std::vector<Task> tasks_;
  Index next_ = 0;  // of the memo
  std::unordered_map<const void*, Index> objects_;
  std::map<Symbol, Index> symbols_;
  std::map<std::pair<Kind, std::string>, Index, std::less<>> shared_;
  std::map<std::string, Index, std::less<>> dtypes_;
};

}  // namespace brine::pickle
