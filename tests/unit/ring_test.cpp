// Objects that hold themselves, and who frees them.
#include <random>
#include <set>

#include "brine/value.hpp"
#include "support/witness.hpp"

using namespace brine;
using brine::test::Witness;
using brine::test::witness;

namespace {

constexpr std::size_t million = 1'000'000;

// Objects that hold each other at random, with a plain model of who holds whom beside them.
class Tangle {
 public:
  Tangle(unsigned seed, std::size_t size) : random_(seed), holds_(size) {
    for (std::size_t i = 0; i < size; ++i) {
      Witness made = witness();
      alive_.push_back(std::move(made.alive));
      handles_.push_back(make(std::move(made.value)));
    }
  }

  // A handle adds an object to another.
  void join() {
    const std::size_t from = pick();
    const std::size_t to = pick();
    if (handles_[from].is_none() || handles_[to].is_none()) return;
    if (handles_[from].is(Kind::dict)) {
      handles_[from].set(Value::tuple({random_() % 1000}), handles_[to]);
    } else {
      handles_[from].append(handles_[to]);
    }
    holds_[from].insert(to);
  }

  void drop() { handles_[pick()] = Value(); }

  void drop_all() {
    for (Value& handle : handles_) handle = Value();
  }

  // Whether just those are alive that a handle leads to.
  bool is_right() const {
    std::vector<bool> reached(handles_.size());
    std::vector<std::size_t> waiting;
    for (std::size_t i = 0; i < handles_.size(); ++i) {
      if (!handles_[i].is_none()) waiting.push_back(i);
    }
    while (!waiting.empty()) {
      const std::size_t at = waiting.back();
      waiting.pop_back();
      if (reached[at]) continue;
      reached[at] = true;
      waiting.insert(waiting.end(), holds_[at].begin(), holds_[at].end());
    }
    for (std::size_t i = 0; i < handles_.size(); ++i) {
      if (alive_[i].expired() == reached[i]) return false;
    }
    return true;
  }

 private:
  std::size_t pick() { return random_() % handles_.size(); }

  Value make(Value held) {
    switch (random_() % 4) {
      case 0:
        return Value::dict({{"held", std::move(held)}});
      case 1:
        return Value::set({std::move(held)});
      case 2: {
        Value object = Value::instance(Value::symbol("m", "C"), Value::tuple());
        object.set_state(std::move(held));
        return object;
      }
      default:
        return Value::list({std::move(held)});
    }
  }

  std::mt19937 random_;
  std::vector<std::set<std::size_t>> holds_;
  std::vector<std::weak_ptr<const int>> alive_;
  std::vector<Value> handles_;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(rings)

BOOST_AUTO_TEST_CASE(objects_that_hold_themselves_compare_equal) {
  const auto ring = [](std::size_t size) {
    Value first = Value::list();
    Value last = first;
    for (std::size_t i = 1; i < size; ++i) last = Value::list({last});
    first.append(last);
    return first;
  };
  BOOST_TEST((ring(1) == ring(1)));
  // Rings of other lengths cannot be told apart by looking into them.
  BOOST_TEST((ring(2) == ring(3)));
  BOOST_TEST((Value::list({ring(4)}) == Value::list({ring(6)})));
  Value odd = ring(2);
  odd.append(1);
  BOOST_TEST((odd != ring(2)));
}

BOOST_AUTO_TEST_CASE(shared_parts_do_not_multiply_the_work) {
  const auto doubling = [] {
    Value value = Value::list();
    for (int i = 0; i < 60; ++i) value = Value::list({value, value});
    return value;
  };
  BOOST_TEST((doubling() == doubling()));
}

BOOST_AUTO_TEST_CASE(a_ring_is_freed_with_its_last_handle_whichever_that_is) {
  const auto freed = [](auto&& body) {
    Witness one = witness();
    body(std::move(one.value));
    return one.alive.expired();
  };
  BOOST_TEST(freed([](Value held) {
    Value list = Value::list({std::move(held)});
    list.append(list);
  }));
  BOOST_TEST(freed([](Value held) {
    Value dict = Value::dict({{"held", std::move(held)}});
    dict.set("me", dict);
    BOOST_TEST(dict["me"]["me"]["held"].size() == 0U);
  }));
  BOOST_TEST(freed([](Value held) {
    Value object = Value::instance(Value::symbol("m", "C"), Value::tuple({std::move(held)}));
    object.set_state(Value::dict({{"self", object}}));
  }));
  BOOST_TEST(freed([](Value held) {  // parent and child, the parent dropped first
    Value parent = Value::dict();
    Value child = Value::dict({{"parent", parent}, {"held", std::move(held)}});
    parent.set("child", child);
    parent = Value();
    BOOST_TEST(child["parent"]["child"]["held"].size() == 0U);
  }));
  BOOST_TEST(freed([](Value held) {  // and the child first
    Value parent = Value::dict({{"held", std::move(held)}});
    Value child = Value::dict({{"parent", parent}});
    parent.set("child", child);
    child = Value();
    BOOST_TEST(parent["child"]["parent"]["held"].size() == 0U);
  }));
  BOOST_TEST(freed([](Value held) {  // a handle that becomes a part of the ring
    Value first = Value::list({std::move(held)});
    Value second = Value::list();
    first.append(second);
    second.append(std::move(first));
  }));
  BOOST_TEST(freed([](Value held) {  // a ring behind what dies in the ordinary way
    Value ring = Value::list({std::move(held)});
    ring.append(ring);
    const Value outer = Value::tuple({Value::list({std::move(ring)})});
  }));
  BOOST_TEST(freed([](Value held) {  // two rings that share a node
    Value middle = Value::list({std::move(held)});
    for (int i = 0; i < 2; ++i) {
      Value ring = Value::list({middle});
      middle.append(ring);
    }
  }));
}

BOOST_AUTO_TEST_CASE(what_a_ring_holds_lives_while_a_handle_leads_into_it) {
  Witness one = witness();
  Value kept;
  {
    Value ring = Value::list({Value::dict({{"held", std::move(one.value)}})});
    ring.append(ring);
    kept = ring.items()[0];
    BOOST_TEST(!one.alive.expired());
  }
  BOOST_TEST(!one.alive.expired());
  BOOST_TEST(kept["held"].size() == 0U);
  kept = Value();
  BOOST_TEST(one.alive.expired());
}

BOOST_AUTO_TEST_CASE(a_million_objects_in_one_ring_are_freed) {
  Witness one = witness();
  {
    Value first = Value::list({std::move(one.value)});
    Value last = first;
    for (std::size_t i = 0; i < million; ++i) last = Value::tuple({std::move(last)});
    first.append(last);
  }
  BOOST_TEST(one.alive.expired());
}

BOOST_AUTO_TEST_CASE(just_those_live_that_a_handle_leads_to) {
  for (unsigned seed = 0; seed < 300; ++seed) {
    Tangle tangle(seed, 2 + seed % 11);
    std::mt19937 random(seed);
    for (int i = 0; i < 60; ++i) {
      random() % 4 == 0 ? tangle.drop() : tangle.join();
      BOOST_REQUIRE_MESSAGE(tangle.is_right(), "seed " << seed << ", step " << i);
    }
    tangle.drop_all();
    BOOST_REQUIRE_MESSAGE(tangle.is_right(), "seed " << seed);
  }
}

BOOST_AUTO_TEST_CASE(a_value_that_replaces_another_frees_it) {
  Witness one = witness();
  Value dict = Value::dict({{"k", std::move(one.value)}});
  dict.set("k", 1);
  BOOST_TEST(one.alive.expired());
  Witness two = witness();
  Value object = Value::instance(Value::symbol("m", "C"), Value::tuple());
  object.set_state(std::move(two.value));
  object.set_state(Value());
  BOOST_TEST(two.alive.expired());
}

BOOST_AUTO_TEST_CASE(many_handles_into_one_ring_are_dropped_one_by_one) {
  Witness one = witness();
  {
    Value ring = Value::list({std::move(one.value)});
    std::vector<Value> parts;
    for (int i = 0; i < 300; ++i) {
      Value part = Value::dict({{"ring", ring}});
      ring.append(part);
      parts.push_back(std::move(part));
    }
    ring = Value();
    for (Value& part : parts) {
      BOOST_TEST(!one.alive.expired());
      part = Value();
    }
  }
  BOOST_TEST(one.alive.expired());
}

BOOST_AUTO_TEST_SUITE_END()
