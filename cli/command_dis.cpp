// The verb that lists opcodes: dis.
#include "brine/disassemble.hpp"
#include "commands.hpp"
#include "render_json.hpp"
#include "streams.hpp"

namespace brine::cli {
namespace {

// Of a listing of which only the document is wanted.
class Discard final : public Sink {
 public:
  void write(ByteView) override {}
};

DisassembleReport list(const DisArguments& dis, Sink& out) {
  DisassembleOptions options{.all = dis.all, .name = dis.file};
  if (dis.file != "-") return disassemble_file(dis.file, out, options);
  options.name = "standard input";
  const Spool spool;
  return disassemble_file(spool.path(), out, options);
}

}  // namespace

int run_dis(const Arguments& arguments) {
  if (arguments.global.json) {
    Discard none;
    write_output(dis_document(arguments.dis.file, list(arguments.dis, none)));
  } else {
    StandardOutput listing;
    list(arguments.dis, listing);
  }
  return exit_done;
}

}  // namespace brine::cli
