// Values made at random through an encoder and a decoder, and pickles that were spoiled.
#include <cstring>
#include <random>

#include "brine/value.hpp"
#include "support/expect.hpp"

using namespace brine;

namespace {

// Values of every kind, some of them shared, some in rings.
class Maker {
 public:
  explicit Maker(unsigned seed) : random_(seed) {}

  Value make(int level = 0) {
    if (!known_.empty() && below(6) == 0) return known_[below(known_.size())];
    Value value = level < 5 && below(3) > 0 ? container(level) : leaf();
    known_.push_back(value);
    return value;
  }

  // Lets objects hold others that may lead back to them.
  void tangle() {
    for (Value& value : known_) {
      if (below(8) > 0) continue;
      const Value other = known_[below(known_.size())];
      if (value.is(Kind::list)) value.append(other);
      if (value.is(Kind::dict)) value.set("tangled", other);
      if (value.is(Kind::instance)) value.set_state(Value::dict({{"tangled", other}}));
    }
  }

 private:
  std::size_t below(std::size_t end) { return random_() % end; }

  std::string letters() {
    static constexpr std::string_view some[] = {"", "a", "\xc3\xa9", "\xe2\x82\xac", "word", "\n"};
    std::string text;
    for (std::size_t i = below(4); i > 0; --i) text += some[below(std::size(some))];
    return below(30) == 0 ? text + std::string(70'000, 'x') : text;
  }

  Value number() {
    Bytes bytes(1 + below(12));
    for (std::byte& byte : bytes) byte = static_cast<std::byte>(random_());
    return Value::integer(bytes);
  }

  Value array() {
    const Shape shape(below(5), 2);
    const std::size_t count = std::size_t{1} << shape.size();
    const Order order = below(2) == 0 ? Order::rows : Order::columns;
    if (below(2) == 0) return Value::array(std::vector<float>(count, 0.5F), shape, order);
    return Value::array(std::vector<std::int16_t>(count, -3), shape, order);
  }

  Value leaf() {
    switch (below(9)) {
      case 0:
        return Value();
      case 1:
        return below(2) == 0;
      case 2:
        return static_cast<double>(random_()) / 7;
      case 3:
        return number();
      case 4:
        return letters();
      case 5:
        return Value::bytes(bytes_of(letters()));
      case 6:
        return Value::byte_array(bytes_of(letters()));
      case 7:
        return Value::symbol("module" + std::to_string(below(3)), "Name");
      default:
        return array();
    }
  }

  std::vector<Value> some(int level) {
    std::vector<Value> values;
    for (std::size_t i = below(6); i > 0; --i) values.push_back(make(level + 1));
    return values;
  }

  // What Python lets into a set.
  std::vector<Value> hashable() {
    std::vector<Value> values;
    for (std::size_t i = below(6); i > 0; --i) {
      values.push_back(below(2) == 0 ? number() : Value::tuple({letters(), number()}));
    }
    return values;
  }

  Value container(int level) {
    switch (below(6)) {
      case 0:
        return Value::list(some(level));
      case 1:
        return Value::tuple(some(level));
      case 2:
        return Value::set(hashable());
      case 3:
        return Value::frozen_set(hashable());
      case 4: {
        Value dict = Value::dict();
        for (std::size_t i = below(6); i > 0; --i) dict.set(letters(), make(level + 1));
        return dict;
      }
      default:
        return instance(level);
    }
  }

  Value instance(int level) {
    Value object = Value::instance(Value::symbol("module", "Class"), Value::tuple(some(level)),
                                   below(2) == 0 ? Form::call : Form::new_);
    if (below(2) == 0) object.set_state(Value::dict({{"attribute", make(level + 1)}}));
    if (below(4) == 0) object.append(make(level + 1));
    if (below(4) == 0) object.set("key", make(level + 1));
    return object;
  }

  std::mt19937 random_;
  std::vector<Value> known_;
};

// Decodes, and passes over what is told: no more is asked of spoiled bytes than a clean end.
bool survives(ByteView pickle) {
  try {
    const Value value = decode(pickle, {.max_nodes = 100'000});
    return value == value;
  } catch (const Error& error) {
    return error.code() != Errc::internal && std::strlen(error.what()) > 0;
  }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(round_trip)

BOOST_AUTO_TEST_CASE(what_is_read_is_what_was_written) {
  for (unsigned seed = 0; seed < 1500; ++seed) {
    const Value value = Maker(seed).make();
    for (const int protocol : {2, 3, 4, 5}) {
      const Value back = decode(encode(value, {.protocol = protocol}));
      BOOST_REQUIRE_MESSAGE(back == value, "seed " << seed << ", protocol " << protocol);
    }
  }
}

BOOST_AUTO_TEST_CASE(what_holds_itself_is_written_again_as_it_was_read) {
  for (unsigned seed = 0; seed < 1500; ++seed) {
    Maker maker(seed);
    const Value value = maker.make();
    maker.tangle();
    for (const int protocol : {2, 3, 4, 5}) {
      const Bytes once = encode(value, {.protocol = protocol});
      const Value back = decode(once);
      BOOST_REQUIRE_MESSAGE(back == value, "seed " << seed << ", protocol " << protocol);
      const Bytes twice = encode(back, {.protocol = protocol});
      BOOST_REQUIRE_MESSAGE(decode(twice) == value, "seed " << seed << ", protocol " << protocol);
    }
  }
}

BOOST_AUTO_TEST_CASE(spoiled_pickles_end_cleanly) {
  std::mt19937 random(1);
  for (unsigned seed = 0; seed < 400; ++seed) {
    Maker maker(seed);
    const Value value = maker.make();
    maker.tangle();
    Bytes pickle = encode(value, {.protocol = 2 + static_cast<int>(seed % 4)});
    if (pickle.size() > 5'000) continue;
    for (int i = 0; i < 40; ++i) {
      Bytes spoiled = pickle;
      for (std::size_t changes = 1 + random() % 3; changes > 0; --changes) {
        const std::size_t at = random() % spoiled.size();
        spoiled[at] = random() % 2 == 0 ? static_cast<std::byte>(random())
                                        : spoiled[random() % spoiled.size()];
      }
      BOOST_REQUIRE_MESSAGE(survives(spoiled), "seed " << seed << ", change " << i);
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
