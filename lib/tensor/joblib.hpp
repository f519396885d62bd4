// Files of joblib: a pickle with arrays between its opcodes.
//
// Behind the BUILD of a NumpyArrayWrapper the elements of the array follow, then opcodes go on:
//
//   array = [ length padding ] elements      (length: one byte; joblib 1.2 and later)
//         | pickle                           (of an array that holds objects)
//
// How many bytes there are, only the state of the wrapper says: shape and dtype. So the graph is
// built along. Source: joblib/numpy_pickle.py (facts only).
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <vector>

#include "brine/snapshot.hpp"
#include "pickle/graph.hpp"
#include "pickle/machine.hpp"

namespace brine::tensor {

/// Whether `symbol` is the wrapper after which joblib puts an array into the stream.
bool is_joblib_wrapper(const Symbol& symbol);

/// Reads one file. Feed it, then finish(), as a TokenReader.
class JoblibReader {
 public:
  /// `machine`: sees the tokens of the outer pickle too; none where null. Lifetime: borrowed.
  JoblibReader(pickle::Machine* machine, const Limits& limits);
  JoblibReader(const JoblibReader&) = delete;
  JoblibReader& operator=(const JoblibReader&) = delete;
  ~JoblibReader();

  using State = pickle::TokenReader::State;

  /// Returns how many bytes were used: all of them while reading.
  std::size_t feed(ByteView bytes);
  void finish();
  /// As TokenReader::take_skip().
  std::uint64_t take_skip() noexcept;

  State state() const noexcept;
  std::string reason() const;
  std::uint64_t offset() const noexcept;
  std::uint64_t opcode_count() const noexcept { return outer_->opcode_count() + inner_opcodes_; }

  const pickle::Graph& graph() const noexcept { return graph_; }
  /// The arrays by the wrappers that stand for them, without paths. Those that hold objects are not
  /// among them: in the graph, what their pickle hands over is in the place of the wrapper.
  const std::map<pickle::NodeId, TensorInfo>& arrays() const noexcept { return arrays_; }
  /// Whether the bytes ended where nothing else was wrong.
  bool is_cut_short() const noexcept { return is_cut_short_; }
  /// Of the pickles inside, in their order.
  const std::vector<std::unique_ptr<pickle::Machine>>& inner_machines() const noexcept {
    return inner_machines_;
  }
  std::vector<std::unique_ptr<pickle::Machine>> take_inner_machines() {
    return std::move(inner_machines_);
  }

 private:
  class Listener;
  class InnerListener;
  struct Pending {
    pickle::NodeId wrapper = pickle::no_node;
    TensorInfo array;
  };

  std::string begin_array(const pickle::Token& token);
  void settle(std::uint64_t next_opcode);
  void end_inner();

  Limits limits_;
  pickle::Machine* machine_;
  pickle::Graph graph_;
  std::unique_ptr<Listener> listener_;
  std::optional<pickle::TokenReader> outer_;
  std::unique_ptr<InnerListener> inner_listener_;
  std::optional<pickle::TokenReader> inner_;
  std::vector<std::unique_ptr<pickle::Machine>> inner_machines_;
  std::map<pickle::NodeId, TensorInfo> arrays_;
  std::set<pickle::NodeId> built_;
  std::optional<Pending> pending_;
  std::uint64_t inner_opcodes_ = 0;
  bool is_cut_short_ = false;
};

}  // namespace brine::tensor
