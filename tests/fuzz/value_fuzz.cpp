// Any bytes as a pickle that is read into values: what was read can be written and read again.
//
// What holds of every input: it is the input that is at fault where it cannot be read; a value that
// a protocol has a form for comes back equal; written once more, it is the same pickle.
#include "brine/value.hpp"
#include "fuzz/fuzz.hpp"

using namespace brine;
using namespace brine::fuzz;

namespace {

std::optional<Value> read(ByteView pickle, const Limits& limits) {
  try {
    return decode(pickle, limits);
  } catch (const Error& error) {
    require(is_of_input(error), error.what());
    return std::nullopt;
  }
}

// Nothing where the protocol has no form for it.
std::optional<Bytes> written(const Value& value, int protocol) {
  try {
    return encode(value, {.protocol = protocol});
  } catch (const Error& error) {
    require(error.code() == Errc::usage, error.what());
    return std::nullopt;
  }
}

void check(const Value& value) {
  for (int protocol = 2; protocol <= 5; ++protocol) {
    const auto pickle = written(value, protocol);
    if (!pickle) continue;
    const Value again = decode(*pickle);
    require(again == value, "what was written is not what is read");
    require(written(again, protocol) == pickle, "written again, it is another pickle");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  for (const Limits& limits : {roomy, tight}) {
    if (const auto value = read(view(data, size), limits)) check(*value);
  }
  return 0;
}
