// From the object graph of a pickle to values. Iterative, and bounded as the graph is.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "base/text.hpp"
#include "brine/value.hpp"
#include "pickle/graph.hpp"
#include "pickle/python2.hpp"
#include "tensor/leaves.hpp"
#include "value/node.hpp"

namespace brine {
namespace tensor {
namespace {

using pickle::Graph;
using pickle::Item;
using pickle::no_node;
using pickle::Node;
using pickle::NodeId;
using pickle::NodeKind;
using pickle::Op;
using value::Access;

constexpr std::size_t piece_bytes = 1U << 20;

// A payload in memory's reach: most of what is asked for stands close to what was asked before.
class Window final : public RandomSource {
 public:
  explicit Window(const RandomSource& source) : source_(source) {}

  std::uint64_t size() const override { return source_.size(); }
  void read_at(std::uint64_t offset, ByteSpan buffer) const override {
    if (buffer.empty()) return;
    if (buffer.size() >= window_bytes) return source_.read_at(offset, buffer);
    if (offset < begin_ || offset + buffer.size() > begin_ + held_.size()) load(offset);
    std::memcpy(buffer.data(), held_.data() + (offset - begin_), buffer.size());
  }

 private:
  static constexpr std::size_t window_bytes = 64U << 10;

  void load(std::uint64_t offset) const {
    held_.resize(
        static_cast<std::size_t>(std::min<std::uint64_t>(window_bytes, source_.size() - offset)));
    source_.read_at(offset, held_);
    begin_ = offset;
  }

  const RandomSource& source_;
  mutable std::uint64_t begin_ = 0;
  mutable Bytes held_;
};

// Returns what a pickle says first; before protocol 2 it says nothing.
int protocol_of(const RandomSource& payload) {
  std::array<std::byte, 2> front{};
  if (payload.size() < front.size()) return 0;
  payload.read_at(0, front);
  return front[0] == static_cast<std::byte>(Op::proto) ? std::to_integer<int>(front[1]) : 0;
}

void read_tokens(const RandomSource& payload, Graph& graph, const Limits& limits) {
  using State = pickle::TokenReader::State;
  pickle::TokenReader reader(graph, 0, limits);
  Bytes piece(static_cast<std::size_t>(std::min<std::uint64_t>(payload.size(), piece_bytes)));
  std::uint64_t at = 0;
  while (at < payload.size() && reader.state() == State::reading) {
    const ByteSpan next(piece.data(), static_cast<std::size_t>(std::min<std::uint64_t>(
                                          piece.size(), payload.size() - at)));
    payload.read_at(at, next);
    at += reader.feed(next);
  }
  reader.finish();
  if (reader.state() == State::failed) {
    throw Error(reader.reason().starts_with("max_") ? Errc::limit : Errc::corrupt,
                fmt::format("at offset {} of the pickle: {}", reader.offset(),
                            base::printable(reader.reason())));
  }
  if (at < payload.size()) {
    throw Error(Errc::corrupt, fmt::format("the pickle ends at offset {}, {} bytes follow", at,
                                           payload.size() - at));
  }
}

class Decoder {
 public:
  Decoder(const Graph& graph, const RandomSource& payload)
      : graph_(graph), protocol_(protocol_of(payload)), leaves_(graph, payload) {
    made_.resize(graph_.size());
    states_.resize(graph_.size(), State::unseen);
  }
  Decoder(const Decoder&) = delete;
  Decoder& operator=(const Decoder&) = delete;
  ~Decoder() { value::drop_all(made_); }

  Value run() {
    visit(graph_.root());
    while (!open_.empty()) {
      const Open top = open_.back();
      if (top.next < waiting_.size()) {
        const NodeId next = waiting_[open_.back().next++];
        if (next != no_node) visit(next);
      } else {
        close(top);
      }
    }
    return made_[graph_.root()];
  }

 private:
  enum class State : std::uint8_t { unseen, open, done };
  // A container whose parts are being made. They stand at the end of waiting_, from `first` on.
  struct Open {
    NodeId id;
    std::size_t first;
    std::size_t next;
  };
  // Of the parts of an instance; the items follow, each a key (no_node) and a value.
  static constexpr std::size_t callable_place = 0;
  static constexpr std::size_t arguments_place = 1;
  static constexpr std::size_t state_place = 2;
  static constexpr std::size_t items_place = 3;

  void visit(NodeId id) {
    if (states_[id] == State::open) return Access::suspect(made_[id]);  // it holds itself
    if (states_[id] == State::done) return;
    if (auto leaf = leaves_.read(id)) {
      made_[id] = std::move(*leaf);
      states_[id] = State::done;
    } else if (const Symbol* const symbol = graph_.symbol(id)) {
      const Symbol named = protocol_ < 3 ? pickle::to_python3(*symbol) : *symbol;
      made_[id] = Value::symbol(named.module, named.name);
      states_[id] = State::done;
    } else {
      open_container(id);
    }
  }

  void open_container(NodeId id) {
    open_.push_back({id, waiting_.size(), waiting_.size()});
    states_[id] = State::open;
    const Node& node = graph_.node(id);
    switch (node.kind) {
      case NodeKind::list:
        made_[id] = Value::list();
        return wait_for_items(id);
      case NodeKind::tuple:
        made_[id] = Value::tuple();
        return wait_for_items(id);
      case NodeKind::set:
        made_[id] = node.op == Op::frozenset ? Value::frozen_set() : Value::set();
        return wait_for_items(id);
      case NodeKind::dict:
        made_[id] = Value::dict();
        return wait_for_items(id);
      case NodeKind::call:
        return open_call(id);
      default:
        throw Error(Errc::unsupported,
                    "an object that only the process knows which wrote the pickle: a persistent "
                    "id or an extension");
    }
  }

  void open_call(NodeId id) {
    for (const Kind kind : {Kind::set, Kind::frozen_set}) {
      const NodeId list = leaves_.list_of_set(id, kind);
      if (list == no_node) continue;
      made_[id] = kind == Kind::set ? Value::set() : Value::frozen_set();
      return wait_for_items(list);
    }
    made_[id] = Access::adopt(new value::Instance(form_of(id)));
    waiting_.push_back(graph_.callable(id));
    waiting_.push_back(graph_.arguments(id));
    waiting_.push_back(graph_.state(id));
    wait_for_items(id);
  }

  // INST and OBJ call a class without arguments through __new__ alone.
  Form form_of(NodeId id) const {
    const Op op = graph_.node(id).op;
    if (op == Op::newobj_ex) return Form::new_ex;
    const bool is_old = op == Op::inst || op == Op::obj;
    const bool is_bare = is_old && graph_.item_count(graph_.arguments(id)) == 0;
    return op == Op::newobj || is_bare ? Form::new_ : Form::call;
  }

  void wait_for_items(NodeId id) {
    for (const Item& item : graph_.items(id)) {
      waiting_.push_back(item.key);
      waiting_.push_back(item.value);
    }
  }

  void close(const Open& top) {
    const Value& made = made_[top.id];
    std::size_t at = top.first;
    if (made.is(Kind::instance)) {
      close_instance(static_cast<value::Instance&>(*Access::node(made)), at);
      at += items_place;
    }
    std::vector<Value> items;
    for (; at < waiting_.size(); at += 2) {
      const Value& item = made_[waiting_[at + 1]];
      if (waiting_[at] == no_node) {
        if (made.is(Kind::dict)) throw Error(Errc::corrupt, "a dict takes an item without a key");
        items.push_back(item);
      } else {
        if (!made.is(Kind::dict) && !made.is(Kind::instance)) {
          throw Error(Errc::corrupt, "a list takes an item with a key");
        }
        Access::fill(made, made_[waiting_[at]], item);
      }
    }
    if (!made.is(Kind::dict)) Access::fill(made, std::move(items));
    waiting_.resize(top.first);
    states_[top.id] = State::done;
    open_.pop_back();
  }

  void close_instance(value::Instance& instance, std::size_t first) {
    instance.callable = made_[waiting_[first + callable_place]];
    instance.arguments = made_[waiting_[first + arguments_place]];
    const NodeId state = waiting_[first + state_place];
    if (state != no_node) instance.state = made_[state];
    const bool is_tuple = instance.arguments.is(Kind::tuple);
    if (!is_tuple || (instance.form == Form::new_ex && instance.arguments.items().size() != 2)) {
      throw Error(Errc::corrupt, "the arguments of a call are no tuple");
    }
    if (!value::is_callable(instance.callable.kind())) {
      throw Error(Errc::corrupt, fmt::format("{} is called, which cannot be",
                                             to_string(instance.callable.kind())));
    }
  }

  const Graph& graph_;
  int protocol_;
  Leaves leaves_;
  std::vector<Value> made_;  // by the number of their node
  std::vector<State> states_;
  std::vector<Open> open_;
  std::vector<NodeId> waiting_;
};

}  // namespace
}  // namespace tensor

Value decode(const RandomSource& source, const Limits& limits) {
  pickle::Graph graph(limits);
  tensor::read_tokens(source, graph, limits);
  const tensor::Window window(source);
  return tensor::Decoder(graph, window).run();
}

Value decode(ByteView pickle, const Limits& limits) {
  struct Memory final : RandomSource {
    explicit Memory(ByteView of) : bytes(of) {}
    std::uint64_t size() const override { return bytes.size(); }
    void read_at(std::uint64_t offset, ByteSpan buffer) const override {
      if (buffer.empty()) return;
      std::memcpy(buffer.data(), bytes.data() + offset, buffer.size());
    }
    ByteView bytes;
  };
  return decode(Memory(pickle), limits);
}

}  // namespace brine
