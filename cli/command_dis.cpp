// The verb that lists opcodes: dis.
#include "brine/disassemble.hpp"
#include "commands.hpp"
#include "render_json.hpp"
#include "story.hpp"
#include "streams.hpp"

namespace brine::cli {
namespace {

DisassembleReport list(const DisArguments& dis) {
  StandardOutput out;
  DisassembleOptions options{.all = dis.all, .name = dis.file};
  if (dis.file != "-") return disassemble_file(dis.file, out, options);
  options.name = "standard input";
  const Spool spool;
  return disassemble_file(spool.path(), out, options);
}

}  // namespace

int run_dis(const Arguments& arguments) {
  const DisassembleReport report = list(arguments.dis);
  if (arguments.global.json) write_document(arguments, dis_document(arguments.dis.file, report));
  return exit_done;
}

}  // namespace brine::cli
