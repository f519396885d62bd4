// A value that tells whether the object which holds it is still there.
#pragma once

#include <memory>

#include "brine/value.hpp"
#include "support/expect.hpp"

namespace brine::test {

/// `alive` expires with the last handle to `value`, and with the last object that holds it.
struct Witness {
  std::weak_ptr<const int> alive;
  Value value;
};

inline Witness witness() {
  auto keeper = std::make_shared<const int>(0);
  return {keeper, Value::array("|u1", {0}, {}, keeper)};
}

}  // namespace brine::test
