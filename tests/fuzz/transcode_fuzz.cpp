// Any bytes as a pickle that is to be converted.
//
// What holds of every input that is: the result is a whole pickle of the protocol with the symbols
// of the old one, it is converted to itself, and from there to every other protocol, or that
// protocol has no form for it.

#include "fuzz/fuzz.hpp"
#include "io/file.hpp"
#include "pickle/transcode.hpp"

using namespace brine;
using namespace brine::fuzz;
using namespace brine::pickle;

namespace {

// The survey counts as nodes what it keeps notes of.
constexpr Limits few_notes = [] {
  Limits limits = tight;
  limits.max_nodes = 20;
  return limits;
}();

// No pickle of a later protocol may hide in the result.
struct Protocols final : TokenSink {
  int highest = 0;
  bool on_token(const Token& token) override {
    highest = std::max<int>(highest, token.code->protocol);
    return true;
  }
};

// Nothing where the input is none that can be converted.
std::optional<std::string> converted(ByteView pickle, int protocol, const Limits& limits) {
  try {
    const io::MemoryFile payload(pickle);
    Transcoder transcoder(payload, 0, protocol, limits);
    Text out;
    transcoder.write(out);
    const io::MemoryFile written(bytes_of(out.text));
    require(transcoder.check(written, 0) == out.text.size(), "bytes behind the pickle");
    return out.text;
  } catch (const Error& error) {
    require(is_of_input(error), error.what());
    return std::nullopt;
  }
}

void check(const std::string& result, int protocol) {
  Protocols protocols;
  TokenReader reader(protocols, 0, {});
  reader.feed(bytes_of(result));
  require(reader.state() == TokenReader::State::stopped, reader.reason());
  require(protocols.highest <= protocol, "an opcode of a later protocol");
  require(converted(bytes_of(result), protocol, roomy) == result, "it is not converted to itself");
  converted(bytes_of(result), 2 + static_cast<int>(result.size() % 4), roomy);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView pickle = view(data, size);
  for (int protocol = 2; protocol <= 5; ++protocol) {
    converted(pickle, protocol, few_notes);
    if (const auto result = converted(pickle, protocol, roomy)) check(*result, protocol);
  }
  return 0;
}
