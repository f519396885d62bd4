// Whether two values are equal, however deep they are and whether or not they hold themselves.
#include <algorithm>
#include <bit>
#include <set>

#include "brine/value.hpp"
#include "value/node.hpp"

namespace brine {
namespace {

using value::Access;
using value::Node;

class Comparison {
 public:
  bool run(const Value& a, const Value& b) {
    ask(a, b);
    while (!waiting_.empty()) {
      const auto [left, right] = waiting_.back();
      waiting_.pop_back();
      if (!same(*left, *right)) return false;
    }
    return true;
  }

 private:
  void ask(const Value& a, const Value& b) { waiting_.emplace_back(&a, &b); }

  bool ask_all(std::span<const Value> a, std::span<const Value> b) {
    if (a.size() != b.size()) return false;
    for (std::size_t i = 0; i < a.size(); ++i) ask(a[i], b[i]);
    return true;
  }

  bool ask_all(std::span<const Value::Pair> a, std::span<const Value::Pair> b) {
    if (a.size() != b.size()) return false;
    for (std::size_t i = 0; i < a.size(); ++i) {
      ask(a[i].first, b[i].first);
      ask(a[i].second, b[i].second);
    }
    return true;
  }

  // A pair of objects that was met before is equal unless something else differs. Where each has
  // one holder only, there is no second way to the pair.
  bool was_met(const Value& a, const Value& b) {
    const Node* const left = Access::node(a);
    const Node* const right = Access::node(b);
    if (left == right) return true;
    if (left->references == 1 && right->references == 1) return false;
    return !met_.emplace(left, right).second;
  }

  bool same(const Value& a, const Value& b) {
    if (a.kind() != b.kind()) return false;
    switch (a.kind()) {
      case Kind::none:
        return true;
      case Kind::boolean:
        return a.boolean() == b.boolean();
      case Kind::integer:
        return a.integer_bytes() == b.integer_bytes();
      case Kind::real:
        return std::bit_cast<std::uint64_t>(a.real()) == std::bit_cast<std::uint64_t>(b.real());
      case Kind::text:
        return a.text() == b.text();
      case Kind::bytes:
      case Kind::byte_array:
        return text_of(a.bytes()) == text_of(b.bytes());
      case Kind::symbol:
        return a.symbol() == b.symbol();
      case Kind::array:
        return same_arrays(a.array_view(), b.array_view());
      case Kind::dict:
        return was_met(a, b) || ask_all(a.pairs(), b.pairs());
      case Kind::instance:
        return was_met(a, b) || same_instances(a, b);
      default:
        return was_met(a, b) || ask_all(a.items(), b.items());
    }
  }

  static bool same_arrays(const ArrayView& a, const ArrayView& b) {
    return a.dtype == b.dtype && a.order == b.order && std::ranges::equal(a.shape, b.shape) &&
           text_of(a.data) == text_of(b.data);
  }

  bool same_instances(const Value& a, const Value& b) {
    const Value* const left = a.state();
    const Value* const right = b.state();
    if (a.form() != b.form() || (left == nullptr) != (right == nullptr)) return false;
    ask(a.callable(), b.callable());
    ask(a.arguments(), b.arguments());
    if (left != nullptr) ask(*left, *right);
    return ask_all(a.items(), b.items()) && ask_all(a.pairs(), b.pairs());
  }

  std::vector<std::pair<const Value*, const Value*>> waiting_;
  std::set<std::pair<const Node*, const Node*>> met_;
};

}  // namespace

bool operator==(const Value& a, const Value& b) { return Comparison().run(a, b); }

}  // namespace brine
