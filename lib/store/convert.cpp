#include "brine/convert.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "brine/error.hpp"
#include "brine/hint.hpp"
#include "brine/pickle.hpp"
#include "io/file.hpp"
#include "pickle/transcode.hpp"
#include "store/file_target.hpp"
#include "store/graphs.hpp"
#include "store/members.hpp"
#include "store/pickle_stream.hpp"
#include "tensor/joblib.hpp"

namespace brine {
namespace {

using archive::Format;

// Somewhere to write that can be read again.
struct Draft {
  Sink& sink;
  const RandomSource& written;
};

[[noreturn]] void refuse_container(std::string_view format) {
  throw Error(Errc::unsupported,
              fmt::format("a {} file is not converted, only bare pickles are", format),
              "brine scan FILE");
}

void refuse_containers(const RandomSource& payload) {
  const Format format = store::format_of(payload);
  if (format != Format::pickle) refuse_container(archive::to_string(format));
}

class Converter {
 public:
  Converter(const RandomSource& payload, Draft draft, int protocol, const Limits& limits)
      : payload_(payload), draft_(draft), protocol_(protocol), limits_(limits) {}

  ConvertReport run() {
    refuse_containers(payload_);
    do {
      convert_next();
      pass_white_space();
    } while (at_ < payload_.size());
    report_.payload_bytes = payload_.size();
    report_.written_bytes = draft_.written.size();
    return report_;
  }

 private:
  void convert_next() {
    if (report_.pickles >= limits_.max_pickles) {
      throw Error(Errc::limit,
                  fmt::format("max_pickles: more than {} pickles", limits_.max_pickles));
    }
    pickle::Transcoder transcoder = read_next();
    const auto& symbols = transcoder.symbols();
    if (std::any_of(symbols.begin(), symbols.end(), [](const pickle::MetSymbol& met) {
          return tensor::is_joblib_wrapper(met.symbol);
        })) {
      refuse_container("joblib");
    }
    const std::uint64_t begin = draft_.written.size();
    transcoder.write(draft_.sink);
    transcoder.check(draft_.written, begin);
    ++report_.pickles;
    report_.opcodes += transcoder.opcodes();
    report_.protocol = std::max(report_.protocol, transcoder.protocol());
    at_ = transcoder.end();
  }

  pickle::Transcoder read_next() {
    try {
      return pickle::Transcoder(payload_, at_, protocol_, limits_);
    } catch (const Error& error) {
      if (error.code() == Errc::corrupt) explain(error);
      if (error.code() != Errc::unsupported) throw;
      const bool is_highest = protocol_ == pickle::highest_known_protocol;
      throw Error(error.code(), error.what(),
                  is_highest ? "brine dis FILE" : "brine convert --protocol 5 FILE");
    }
  }

  // What stopped the reading may be no damage, but raw bytes between opcodes or behind them.
  void explain(const Error& error) const {
    if (scan_payload(payload_, {}, limits_).format == "joblib") refuse_container("joblib");
    std::byte first{};
    if (report_.pickles == 0 || at_ == payload_.size()) return;
    payload_.read_at(at_, {&first, 1});
    if (first == store::protocol_opcode) return;
    throw Error(
        Errc::unsupported,
        fmt::format("what follows the pickle that ends at byte {} is none: {}", at_, error.what()),
        "brine scan FILE");
  }

  void pass_white_space() {
    std::byte next{};
    for (; at_ < payload_.size(); ++at_) {
      payload_.read_at(at_, {&next, 1});
      if (!store::is_white_space(next)) return;
      draft_.sink.write({&next, 1});
    }
  }

  const RandomSource& payload_;
  Draft draft_;
  int protocol_;
  const Limits& limits_;
  std::uint64_t at_ = 0;
  ConvertReport report_;
};

ConvertReport convert_into(const RandomSource& payload, Draft draft, const ConvertOptions& options,
                           const Limits& limits) {
  if (options.protocol < 2 || options.protocol > pickle::highest_known_protocol) {
    throw Error(Errc::usage, fmt::format("protocol {} is not one of 2 to 5", options.protocol),
                "brine convert --protocol 5 FILE");
  }
  return in_context(base::printable(options.name),
                    [&] { return Converter(payload, draft, options.protocol, limits).run(); });
}

// Runs `body` on the file, which has a name in messages and hints where the caller gave it none.
template <typename Body>
ConvertReport with_file(const std::filesystem::path& input, ConvertOptions& options, Body&& body) {
  const bool is_named = !options.name.empty();
  if (!is_named) options.name = input.string();
  const io::File payload = io::open_input(input);
  try {
    return body(payload);
  } catch (const Error& error) {
    constexpr std::string_view blank = " FILE";
    if (is_named || !error.hint().ends_with(blank)) throw;
    const std::string front = error.hint().substr(0, error.hint().size() - blank.size());
    throw Error(error.code(), error.what(), fmt::format("{} {}", front, shell_word(options.name)));
  }
}

}  // namespace

ConvertReport convert(const RandomSource& payload, Sink& out, const ConvertOptions& options,
                      const Limits& limits) {
  ConvertOptions named = options;
  if (named.name.empty()) named.name = "payload";
  io::ScratchFile draft;
  const ConvertReport report = convert_into(payload, {draft, draft}, named, limits);
  io::SequentialSource written(draft);
  io::copy(written, out);
  return report;
}

ConvertReport convert_file(const std::filesystem::path& input, const std::filesystem::path& output,
                           ConvertOptions options, const Limits& limits) {
  return with_file(input, options, [&](const RandomSource& payload) {
    io::AtomicFile draft(store::output_path(output), io::Publish::replace);
    const ConvertReport report = convert_into(payload, {draft, draft}, options, limits);
    draft.commit();
    return report;
  });
}

ConvertReport convert_file(const std::filesystem::path& input, Sink& out, ConvertOptions options,
                           const Limits& limits) {
  return with_file(input, options, [&](const RandomSource& payload) {
    return convert(payload, out, options, limits);
  });
}

}  // namespace brine
