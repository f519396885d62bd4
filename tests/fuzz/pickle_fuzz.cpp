// Any bytes as a pickle: the pickle room neither crashes nor contradicts itself.
//
// What holds of every input: how it is cut into pieces does not matter; the edits of a renaming are
// in order; the renamed pickle is read to its STOP, pushes the new names in the old order and the
// old data texts, and the same renaming finds nothing more to do.
#include <algorithm>

#include "fuzz/fuzz.hpp"
#include "pickle/edit.hpp"

using namespace brine;
using namespace brine::fuzz;
using namespace brine::pickle;

namespace {

constexpr std::string_view prefix = "moved.";

struct Reading {
  Machine machine;
  std::string outcome;
  bool complete = false;
};

// Feeds pieces of `piece` bytes.
Reading read(ByteView payload, const Limits& limits, std::size_t piece) {
  Reading reading{Machine(Detail::pushes, limits), {}, false};
  reading.machine.begin();
  TokenReader reader(reading.machine, 0, limits);
  std::size_t used = 0;
  while (used < payload.size() && reader.state() == TokenReader::State::reading) {
    used += reader.feed(payload.subspan(used, std::min(piece, payload.size() - used)));
  }
  reader.finish();
  reading.complete = reader.state() == TokenReader::State::stopped;
  reading.outcome = fmt::format("{} {} {} {}", reading.complete, reader.offset(),
                                reader.opcode_count(), reader.reason());
  return reading;
}

std::string symbols(const Machine& machine) {
  std::string all;
  for (const SymbolPush& push : machine.pushes()) {
    const Symbol& symbol = machine.symbols()[push.symbol].symbol;
    all += fmt::format("{}:{}\n", symbol.module, symbol.name);
  }
  return all;
}

std::optional<Symbol> moved(const Symbol& symbol) {
  if (symbol.module.starts_with(prefix)) return std::nullopt;
  return Symbol{fmt::format("{}{}", prefix, symbol.module), symbol.name + "X"};
}

std::string moved_symbols(const Machine& machine) {
  std::string all;
  for (const SymbolPush& push : machine.pushes()) {
    const Symbol& old = machine.symbols()[push.symbol].symbol;
    const Symbol symbol = moved(old).value_or(old);
    all += fmt::format("{}:{}\n", symbol.module, symbol.name);
  }
  return all;
}

std::string data_texts(const Machine& machine) {
  std::string all;
  for (const TextPush& push : machine.text_pushes()) {
    if (push.is_data) all += fmt::format("{}\n", machine.text(push));
  }
  return all;
}

std::string edited(ByteView payload, const std::vector<Edit>& edits, std::size_t piece) {
  Text text;
  EditingSink sink(text, edits);
  for (std::size_t at = 0; at < payload.size(); at += piece) {
    sink.write(payload.subspan(at, std::min(piece, payload.size() - at)));
  }
  sink.finish();
  return text.text;
}

void check_order(const std::vector<Edit>& edits) {
  std::uint64_t at = 0;
  for (const Edit& edit : edits) {
    require(edit.offset >= at, "edits overlap or are out of order");
    at = edit.offset + edit.removed;
  }
}

void check_renaming(ByteView payload, const Machine& before, std::size_t piece) {
  const std::vector<Edit> edits = rename(before, moved);
  check_order(edits);
  const std::string after = edited(payload, edits, payload.size());
  require(after == edited(payload, edits, piece), "the pieces change what is written");
  require(after.size() == edited_bytes(payload.size(), edits), "the length is not as foretold");
  const Reading again = read(bytes_of(after), {}, after.size());
  require(again.complete, again.outcome);
  require(symbols(again.machine) == moved_symbols(before), "other symbols than planned");
  require(data_texts(again.machine) == data_texts(before), "data texts changed");
  require(rename(again.machine, moved).empty(), "the same renaming finds more to do");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView whole = view(data, size);
  const std::size_t piece = 1 + size % 11;
  for (const Limits& limits : {roomy, tight}) {
    const Reading reading = read(whole, limits, std::max<std::size_t>(size, 1));
    const Reading split = read(whole, limits, piece);
    require(reading.outcome == split.outcome, "the pieces change the outcome");
    require(symbols(reading.machine) == symbols(split.machine), "the pieces change the symbols");
    if (!reading.complete) continue;
    try {
      check_renaming(whole, reading.machine, piece);
    } catch (const Error& error) {
      require(error.code() == Errc::migration, error.what());
    }
  }
  return 0;
}
