// What the pickle room makes of a file, as text that a test can compare. Not installed.
//
// usage: pickle_tool tokens FILE                          offset, name, bytes of the argument
//        pickle_tool symbols FILE                         count, module and name, tab between them
//        pickle_tool rename FILE OLD_MODULE NEW_MODULE OUT
//        pickle_tool batch FILE                           a verdict for each of many pickles
//        pickle_tool judge FILE                           the same, and the symbols, all in hex
//        pickle_tool disputes FILE                        of each: whether readers disagree on it
//
// FILE holds one pickle after another; for the last three each stands behind its length in 4
// bytes and may be malformed. After the lines of each pickle comes `complete END` or `failed OFFSET
// REASON`.
#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <optional>
#include <vector>

#include "base/arithmetic.hpp"
#include "base/text.hpp"
#include "brine/error.hpp"
#include "pickle/edit.hpp"

using namespace brine;
using namespace brine::pickle;

namespace {

std::string read_file(const char* path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) throw Error(Errc::not_found, fmt::format("{} cannot be read", path));
  return {std::istreambuf_iterator<char>(in), {}};
}

struct Printer final : TokenSink {
  bool on_token(const Token& token) override {
    fmt::print("{} {} {}\n", token.offset, token.code->name, token.argument_bytes);
    return true;
  }
};

struct FileSink final : Sink {
  explicit FileSink(const char* path) : out(path, std::ios::binary) {}
  void write(ByteView bytes) override { out << text_of(bytes); }
  std::ofstream out;
};

std::string verdict(const TokenReader& reader) {
  return reader.state() == TokenReader::State::stopped
             ? fmt::format("complete {}", reader.offset())
             : fmt::format("failed {} {}", reader.offset(), base::printable(reader.reason()));
}

TokenReader read_one(ByteView payload, std::size_t from, TokenSink& sink) {
  TokenReader reader(sink, from, {});
  reader.feed(payload.subspan(from));
  reader.finish();
  return reader;
}

// Calls `read` with the place of each pickle that follows another; it returns the reader.
template <typename Read>
void each_pickle(ByteView payload, Read read) {
  std::size_t from = 0;
  do {
    const TokenReader reader = read(from);
    if (reader.state() != TokenReader::State::stopped) return;
    from = static_cast<std::size_t>(reader.offset());
  } while (from < payload.size());
}

void tokens(ByteView payload) {
  Printer printer;
  each_pickle(payload, [&](std::size_t from) {
    const TokenReader reader = read_one(payload, from, printer);
    fmt::print("{}\n", verdict(reader));
    return reader;
  });
}

void symbols(ByteView payload) {
  each_pickle(payload, [&](std::size_t from) {
    Machine machine(Detail::symbols);
    const TokenReader reader = read_one(payload, from, machine);
    for (const MetSymbol& met : machine.symbols()) {
      if (met.count == 0) continue;  // a call leads to it
      fmt::print("{}\t{}\t{}\n", met.count, base::printable(met.symbol.module),
                 base::printable(met.symbol.name));
    }
    fmt::print("{}\n", verdict(reader));
    return reader;
  });
}

void rename_module(ByteView payload, std::string_view from_module, const std::string& to_module,
                   const char* out) {
  Machine machine(Detail::pushes);
  each_pickle(payload, [&](std::size_t from) {
    machine.begin();
    const TokenReader reader = read_one(payload, from, machine);
    if (reader.state() != TokenReader::State::stopped) throw Error(Errc::corrupt, verdict(reader));
    return reader;
  });
  const auto edits = pickle::rename(machine, [&](const Symbol& symbol) {
    return symbol.module == from_module ? std::optional(Symbol{to_module, symbol.name})
                                        : std::nullopt;
  });
  FileSink file(out);
  EditingSink sink(file, edits);
  sink.write(payload);
  sink.finish();
}

// Sums up the opcodes and where they stand, so that a batch prints a line and not a page for each.
struct Digest final : TokenSink {
  std::uint64_t value = 0;
  bool on_token(const Token& token) override {
    const auto op = static_cast<std::uint64_t>(token.code->op);
    value = (value * 1'000'003 + token.offset * 256 + op) % 4'294'967'291ULL;
    return true;
  }
};

void each_of_batch(ByteView rest, void (*print)(ByteView)) {
  while (rest.size() >= 4) {
    const auto size = static_cast<std::size_t>(base::little_endian(rest.data(), 4));
    print(rest.subspan(4, size));
    rest = rest.subspan(4 + size);
  }
}

// Prints the digest, the verdict of the reader alone, and with the machine.
void print_digest(ByteView payload) {
  Digest digest;
  const TokenReader reader = read_one(payload, 0, digest);
  Machine machine(Detail::pushes);
  const TokenReader judged = read_one(payload, 0, machine);
  fmt::print("{} {}\t{}\n", digest.value, verdict(reader), verdict(judged));
}

void print_symbols(ByteView payload) {
  Machine machine(Detail::symbols);
  fmt::print("{}", verdict(read_one(payload, 0, machine)));
  for (const MetSymbol& met : machine.symbols()) {
    fmt::print("\t{} {} {}", met.count, base::to_hex(bytes_of(met.symbol.module)),
               base::to_hex(bytes_of(met.symbol.name)));
  }
  fmt::print("\n");
}

void print_dispute(ByteView payload) {
  Machine machine(Detail::symbols);
  read_one(payload, 0, machine);
  const auto& all = machine.concerns();
  const bool is_disputed = std::any_of(all.begin(), all.end(), [](const Concern& concern) {
    return concern.kind >= Concern::Kind::disputed_number;
  });
  fmt::print("{}\n", is_disputed ? "disputed" : "plain");
}

int run(const std::vector<const char*>& arguments) {
  if (arguments.size() < 2) return 2;
  const std::string_view command = arguments[0];
  const std::string payload = read_file(arguments[1]);
  if (command == "tokens") {
    tokens(bytes_of(payload));
  } else if (command == "symbols") {
    symbols(bytes_of(payload));
  } else if (command == "batch") {
    each_of_batch(bytes_of(payload), print_digest);
  } else if (command == "judge") {
    each_of_batch(bytes_of(payload), print_symbols);
  } else if (command == "disputes") {
    each_of_batch(bytes_of(payload), print_dispute);
  } else if (command == "rename" && arguments.size() == 5) {
    rename_module(bytes_of(payload), arguments[2], arguments[3], arguments[4]);
  } else {
    return 2;
  }
  return 0;
}

}  // namespace

int main(int count, char** arguments) {
  try {
    return run({arguments + 1, arguments + count});
  } catch (const Error& error) {
    fmt::print(stderr, "{}\n", error.what());
    return info(error.code()).exit_code;
  }
}
