#include "tensor/joblib.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "tensor/element_type.hpp"
#include "tensor/nodes.hpp"

namespace brine::tensor {
namespace {

using pickle::Graph;
using pickle::Item;
using pickle::no_node;
using pickle::NodeId;
using pickle::NodeKind;
using pickle::Op;
using pickle::Token;

constexpr int deepest_type = 16;
constexpr std::uint32_t most_attributes = 16;

bool stands_for_array(const Graph& graph, NodeId id) {
  const Symbol* symbol = graph.symbol(graph.callable(id));
  if (calls(graph, id, "_reconstructor", {"copyreg", "copy_reg"})) {
    const std::vector<NodeId> arguments = tuple_values(graph, graph.arguments(id), 3);
    symbol = arguments.empty() ? nullptr : graph.symbol(arguments[0]);
  }
  return symbol != nullptr && is_joblib_wrapper(*symbol);
}

NodeId attribute(const Graph& graph, NodeId state, std::string_view name) {
  if (!graph.is(state, NodeKind::dict) || graph.item_count(state) > most_attributes) return no_node;
  for (const Item& item : graph.items(state)) {
    if (graph.text(item.key) == name) return item.value;
  }
  return no_node;
}

// Whether a dtype is of objects, or a row with objects in it.
bool holds_objects(const Graph& graph, NodeId dtype, int depth = deepest_type) {
  if (is_string_type(graph, dtype)) return true;
  const std::vector<NodeId> arguments = tuple_values(graph, graph.arguments(dtype), 3);
  const auto code = arguments.empty() ? std::nullopt : graph.text(arguments[0]);
  if (code && (code->starts_with('O') || code->starts_with("|O"))) return true;
  if (depth == 0) return false;
  const std::vector<NodeId> state = tuple_values(graph, graph.state(dtype), 9);
  if (state.size() < 5 || !graph.is(state[4], NodeKind::dict)) return false;
  const std::vector<Item> fields = graph.items(state[4]);
  return std::any_of(fields.begin(), fields.end(), [&](const Item& field) {
    const std::vector<NodeId> parts = tuple_values(graph, field.value, 3);
    return !parts.empty() && holds_objects(graph, parts[0], depth - 1);
  });
}

}  // namespace

bool is_joblib_wrapper(const Symbol& symbol) {
  return symbol.name == "NumpyArrayWrapper" &&
         (symbol.module == "joblib.numpy_pickle" ||
          symbol.module == "sklearn.externals.joblib.numpy_pickle");
}

class JoblibReader::Listener final : public pickle::TokenSink {
 public:
  explicit Listener(JoblibReader& owner) : owner_(owner) {}

  bool on_token(const Token& token) override {
    owner_.settle(token.offset);
    if (owner_.machine_ != nullptr && !owner_.machine_->on_token(token)) {
      return fail(owner_.machine_->reason());
    }
    if (!owner_.graph_.on_token(token)) return fail(owner_.graph_.reason());
    if (token.code->op != Op::build) return true;
    std::string why = owner_.begin_array(token);
    return why.empty() || fail(std::move(why));
  }

 private:
  JoblibReader& owner_;
};

// To the graph, the pickle of an array that holds objects is a part of the file.
class JoblibReader::InnerListener final : public pickle::TokenSink {
 public:
  InnerListener(pickle::Graph& graph, pickle::Machine& machine)
      : graph_(graph), machine_(machine) {}

  bool on_token(const Token& token) override {
    if (!machine_.on_token(token)) return fail(machine_.reason());
    return graph_.on_token(token) || fail(graph_.reason());
  }

 private:
  pickle::Graph& graph_;
  pickle::Machine& machine_;
};

JoblibReader::JoblibReader(pickle::Machine* machine, const Limits& limits)
    : limits_(limits),
      machine_(machine),
      graph_(limits),
      listener_(std::make_unique<Listener>(*this)) {
  outer_.emplace(*listener_, 0, limits_);
}

JoblibReader::~JoblibReader() = default;

// What follows the BUILD of a wrapper.
std::string JoblibReader::begin_array(const Token& token) {
  const NodeId wrapper = graph_.built();
  if (!stands_for_array(graph_, wrapper)) return {};
  const NodeId state = graph_.state(wrapper);
  if (!graph_.is(state, NodeKind::dict)) return "an array between the opcodes has no plain state";
  if (!built_.insert(wrapper).second) return "an array between the opcodes is told a second time";
  const NodeId dtype = attribute(graph_, state, "dtype");
  auto shape = read_shape(graph_, attribute(graph_, state, "shape"));
  if (!shape) return "an array between the opcodes has no shape";
  Pending pending{.wrapper = wrapper, .array = {}};
  pending.array.shape = std::move(*shape);
  if (holds_objects(graph_, dtype)) {
    if (inner_machines_.size() >= limits_.max_pickles) {
      return fmt::format("max_pickles: more than {} pickles inside", limits_.max_pickles);
    }
    pending.array.offset = token.end;
    inner_machines_.push_back(std::make_unique<pickle::Machine>(
        pickle::Detail::symbols, limits_, machine_ ? machine_->known_extensions() : nullptr));
    inner_listener_ = std::make_unique<InnerListener>(graph_, *inner_machines_.back());
    inner_.emplace(*inner_listener_, token.end, limits_);
    graph_.begin_inner();
    pending_ = std::move(pending);
    outer_->pause();
    return {};
  }
  const auto type = read_element_type(graph_, dtype);
  const auto bytes = type ? bytes_of_shape(pending.array.shape, type->bytes) : std::nullopt;
  if (!bytes) return "an array between the opcodes has elements of unknown size";
  pending.array.dtype = type->name;
  pending.array.bytes = *bytes;
  pending_ = std::move(pending);
  const NodeId alignment = attribute(graph_, state, "numpy_array_alignment_bytes");
  if (graph_.is(alignment, NodeKind::integer)) {
    outer_->skip_padded(*bytes);
  } else {
    outer_->skip(*bytes);
  }
  return {};
}

// The elements end where the next opcode begins: how much padding there was, nobody has to tell.
void JoblibReader::settle(std::uint64_t next_opcode) {
  if (!pending_) return;
  pending_->array.offset = next_opcode - pending_->array.bytes;
  arrays_[pending_->wrapper] = std::move(pending_->array);
  pending_.reset();
}

void JoblibReader::end_inner() {
  inner_opcodes_ += inner_->opcode_count();
  if (inner_->state() != State::stopped) return;
  const std::uint64_t bytes = inner_->offset() - *pending_->array.offset;
  graph_.end_inner(pending_->wrapper);
  pending_.reset();
  inner_.reset();
  outer_->resume(bytes);
}

std::size_t JoblibReader::feed(ByteView bytes) {
  std::size_t used = 0;
  while (used < bytes.size() && state() == State::reading) {
    if (inner_) {
      used += inner_->feed(bytes.subspan(used));
      if (inner_->state() != State::reading) end_inner();
    } else {
      used += outer_->feed(bytes.subspan(used));
    }
  }
  return used;
}

void JoblibReader::finish() {
  if (state() != State::reading) return;
  is_cut_short_ = true;
  if (inner_) {
    inner_->finish();
    end_inner();
  } else {
    outer_->finish();
  }
}

std::uint64_t JoblibReader::take_skip() noexcept {
  return inner_ ? inner_->take_skip() : outer_->take_skip();
}

JoblibReader::State JoblibReader::state() const noexcept {
  return inner_ ? inner_->state() : outer_->state();
}

std::string JoblibReader::reason() const { return inner_ ? inner_->reason() : outer_->reason(); }

std::uint64_t JoblibReader::offset() const noexcept {
  return inner_ ? inner_->offset() : outer_->offset();
}

}  // namespace brine::tensor
