// The verb that writes a pickle again: convert.
#include <fmt/format.h>

#include <filesystem>

#include "brine/convert.hpp"
#include "brine/hint.hpp"
#include "command_line.hpp"
#include "commands.hpp"
#include "payloads.hpp"
#include "render_json.hpp"
#include "story.hpp"
#include "streams.hpp"
#include "units.hpp"

namespace brine::cli {
namespace {

ConvertReport write_again(const InputPayload& input, const ConvertArguments& convert) {
  const ConvertOptions options{.protocol = *convert.protocol, .name = input.name()};
  if (convert.output && *convert.output != "-") {
    return convert_file(input.path(), *convert.output, options);
  }
  StandardOutput output;
  return convert_file(input.path(), output, options);
}

}  // namespace

namespace {

void require_form(const Arguments& arguments) {
  const ConvertArguments& convert = arguments.convert;
  if (!convert.protocol && !convert.to_json) {
    throw Error(Errc::usage, "brine convert wants --protocol N or --to json",
                command_of(with(arguments.words, {"--protocol", "4"})));
  }
  if (!convert.to_json || (!convert.protocol && !convert.output)) return;
  throw Error(Errc::usage, "--to json goes to standard output, without --protocol and --output",
              fmt::format("brine convert --to json {}", shell_word(convert.input)));
}

int write_as_json(const Arguments& arguments) {
  const InputPayload input(arguments, arguments.convert.input);
  StandardOutput output;
  write_json_file(input.path(), output, input.name());
  return exit_done;
}

}  // namespace

int run_convert(const Arguments& arguments) {
  const ConvertArguments& convert = arguments.convert;
  require_form(arguments);
  if (convert.to_json) return write_as_json(arguments);
  keep_from_terminal(arguments, convert.output, std::filesystem::path(convert.input).stem());
  const InputPayload input(arguments, convert.input);
  const ConvertReport report = write_again(input, convert);
  note(arguments.global,
       fmt::format("{} of protocol {} in protocol {}, {} to {}", counted(report.pickles, "pickle"),
                   report.protocol, *convert.protocol, human_bytes(report.payload_bytes),
                   human_bytes(report.written_bytes)));
  if (arguments.global.json) write_document(arguments, convert_document(convert, report));
  return exit_done;
}

}  // namespace brine::cli
