#include "pickle/transcode.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "brine/error.hpp"
#include "pickle/feed.hpp"
#include "pickle/literal.hpp"
#include "pickle/protocol_name.hpp"
#include "pickle/rewriter.hpp"

namespace brine::pickle {
namespace {

constexpr std::uint64_t piece_bytes = 256U << 10;

// The first reading: names, places, and whether the pickle is in the protocol already.
class FirstReading final : public TokenSink {
 public:
  FirstReading(Machine& machine, int protocol, const Limits& limits)
      : machine_(machine), survey_(protocol, limits), protocol_(protocol) {}

  bool on_token(const Token& token) override {
    const bool is_proto = token.code->op == Op::proto;
    const bool is_wanted_proto =
        is_proto && is_first_ && std::to_integer<int>(token.argument[0]) == protocol_;
    if (is_first_ != is_wanted_proto || (is_proto && !is_wanted_proto) ||
        token.code->protocol > protocol_) {
      is_in_protocol_ = false;
    }
    is_first_ = false;
    if (!machine_.on_token(token)) return fail(machine_.reason());
    return survey_.on_token(token) || fail(survey_.reason());
  }

  Survey& survey() noexcept { return survey_; }
  bool is_in_protocol() const noexcept { return is_in_protocol_; }

 private:
  Machine& machine_;
  Survey survey_;
  int protocol_;
  bool is_first_ = true;
  bool is_in_protocol_ = true;
};

std::string text_of_counts(const std::map<Symbol, std::uint64_t>& counts) {
  std::string text;
  for (const auto& [symbol, count] : counts) {
    text += fmt::format(" {}:{} x{}", base::printable(symbol.module), base::printable(symbol.name),
                        count);
  }
  return text;
}

}  // namespace

Transcoder::Transcoder(const RandomSource& payload, std::uint64_t offset, int protocol,
                       const Limits& limits)
    : payload_(payload),
      offset_(offset),
      protocol_(protocol),
      limits_(limits),
      machine_(Detail::pushes, limits) {
  FirstReading first(machine_, protocol, limits);
  TokenReader reader(first, offset, limits);
  read_to_end(payload, offset, payload.size(), reader);
  if (reader.state() != TokenReader::State::stopped) {
    const bool is_unsupported = first.survey().lacks_form() || machine_.is_unsupported();
    const Errc code = is_unsupported                        ? Errc::unsupported
                      : reader.reason().starts_with("max_") ? Errc::limit
                                                            : Errc::corrupt;
    throw Error(code,
                fmt::format("at byte {} of the payload: {}", reader.offset(), reader.reason()));
  }
  end_ = reader.offset();
  opcodes_ = reader.opcode_count();
  is_in_protocol_ = first.is_in_protocol();
  if (is_in_protocol_) return;
  free_index_ = first.survey().free_index();
  notes_ = first.survey().take_notes();
  check_names();
}

// Before anything is written.
void Transcoder::check_names() const {
  for (const SymbolPush& push : machine_.pushes()) {
    const Symbol& symbol = machine_.symbols()[push.symbol].symbol;
    in_context(fmt::format("at byte {} of the payload", push.offset), [&] {
      const ProtocolName name = protocol_name(symbol, push.protocol, protocol_);
      const bool is_text = push.form != Form::inst && protocol_ >= 4;
      if (is_text && !(is_plain_name(name.symbol.module) && is_plain_name(name.symbol.name))) {
        throw Error(
            Errc::unsupported,
            fmt::format("{}:{} has no form in protocol {}: no import spells it",
                        base::printable(symbol.module), base::printable(symbol.name), protocol_));
      }
      if (push.form != Form::inst || name.attributes.empty()) return;
      throw Error(Errc::unsupported,
                  fmt::format("INST with the dotted name {} has no form in protocol {}",
                              base::printable(symbol.name), protocol_));
    });
  }
}

void Transcoder::write(Sink& out) {
  if (is_in_protocol_) return copy(out);
  Rewriter rewriter({.payload = payload_,
                     .machine = machine_,
                     .notes = notes_,
                     .free_index = free_index_,
                     .protocol = protocol_},
                    out, limits_);
  TokenReader reader(rewriter, offset_, limits_);
  read_to_end(payload_, offset_, end_, reader);
  if (reader.state() != TokenReader::State::stopped) {
    throw Error(Errc::environment, "the payload changed while it was read");
  }
  added_ = rewriter.added();
}

void Transcoder::copy(Sink& out) const {
  Bytes piece;
  for (std::uint64_t at = offset_; at < end_; at += piece.size()) {
    piece.resize(static_cast<std::size_t>(std::min(piece_bytes, end_ - at)));
    payload_.read_at(at, piece);
    out.write(piece);
  }
}

Transcoder::Counts Transcoder::expected() const {
  Counts counts = added_;
  for (const SymbolPush& push : machine_.pushes()) {
    const Symbol& symbol = machine_.symbols()[push.symbol].symbol;
    const int from = is_in_protocol_ ? protocol_ : push.protocol;
    ++counts[meaning_of(protocol_name(symbol, from, protocol_).symbol, protocol_)];
  }
  return counts;
}

std::uint64_t Transcoder::check(const RandomSource& written, std::uint64_t offset) const {
  Machine machine(Detail::symbols, limits_);
  TokenReader reader(machine, offset, limits_);
  read_to_end(written, offset, written.size(), reader);
  if (reader.reason().starts_with("max_")) {  // names grow: copy_reg is copyreg in protocol 3
    throw Error(Errc::limit, fmt::format("in protocol {}: {}", protocol_, reader.reason()));
  }
  if (reader.state() != TokenReader::State::stopped) {
    throw Error(Errc::internal, fmt::format("what was written is no whole pickle: {} at byte {}",
                                            reader.reason(), reader.offset()));
  }
  Counts found;
  for (const MetSymbol& met : machine.symbols()) {
    // What a call leads to is no push of its own.
    if (met.count > 0) found[meaning_of(met.symbol, protocol_)] += met.count;
  }
  if (const Counts wanted = expected(); found != wanted) {
    throw Error(Errc::internal, fmt::format("the symbols came out as{}, not as{}",
                                            text_of_counts(found), text_of_counts(wanted)));
  }
  return reader.offset();
}

}  // namespace brine::pickle
