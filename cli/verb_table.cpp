#include "verb_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>

#include "brine/error.hpp"
#include "commands.hpp"
#include "numbers.hpp"

namespace brine::cli {
namespace {

using Value = const std::string&;

constexpr std::array globals{
    OptionRow{"--store", "PATH", "the store; else $BRINE_STORE, else the nearest .brine upwards",
              [](Arguments& to, Value value) { to.global.store = value; }},
    OptionRow{"--json", "", "one JSON document on standard output",
              [](Arguments& to, Value) { to.global.json = true; }},
    OptionRow{"-q,--quiet", "", "no notes and no progress; warnings stay",
              [](Arguments& to, Value) { to.global.quiet = true; }},
    OptionRow{"--no-color", "", "no colours (as NO_COLOR does)",
              [](Arguments& to, Value) { to.global.no_color = true; }},
};

// Of two values for one name neither is surely meant.
void add_metric(std::map<std::string, double>& metrics, std::string_view name, double number) {
  if (metrics.emplace(name, number).second) return;
  throw Error(Errc::usage, fmt::format("--metric names '{}' twice", name));
}

// In migrations/README.md at length.
constexpr std::string_view table_grammar =
    "A table is a TOML file. Each version of it is one step:\n"
    "  [table]\n"
    "  name    = \"myproject\"\n"
    "  version = 1                      # the next step gets the next number\n"
    "  title   = \"models moved\"         # may be left out\n"
    "\n"
    "  [[module]]                       # a module and all below it\n"
    "  from  = \"myproject.models\"\n"
    "  to    = \"myproject.nn.models\"\n"
    "  exact = false                    # true: nothing below it; may be left out\n"
    "\n"
    "  [[symbol]]                       # one class or function\n"
    "  from = \"myproject.util:Scaler\"\n"
    "  to   = \"myproject.scale:Scaler\"\n";

constexpr Setter set_reference = [](Arguments& to, Value value) { to.reference = value; };
constexpr std::array reference{PositionalRow{"REF", Need::required, set_reference}};
constexpr std::array reference_or_file{PositionalRow{"REF|FILE", Need::required, set_reference}};
constexpr std::array optional_reference{PositionalRow{"REF", Need::optional, set_reference}};

constexpr std::array init_positionals{
    PositionalRow{"PATH", Need::optional, [](Arguments& to, Value value) { to.init.path = value; }},
};
constexpr std::array init_options{
    OptionRow{"--codec", "CODEC[:LEVEL]", "of saves that name none (zstd:3)",
              [](Arguments& to, Value value) { to.init.options.codec = parse_codec(value); }},
    OptionRow{"--on-fallback", "COMMAND", "gets the event of a fallback as JSON on its input",
              [](Arguments& to, Value value) { to.init.options.on_fallback = value; }},
};

constexpr std::array save_positionals{
    PositionalRow{"LINE", Need::required, [](Arguments& to, Value value) { to.save.line = value; }},
    PositionalRow{"FILE", Need::required, [](Arguments& to, Value value) { to.save.file = value; }},
};
constexpr std::array save_options{
    OptionRow{"--codec", "CODEC[:LEVEL]", "none, gzip, bzip2, xz or zstd; else the store's",
              [](Arguments& to, Value value) { to.save.options.codec = parse_codec(value); }},
    OptionRow{
        "--step", "N", "training step",
        [](Arguments& to, Value value) { to.save.options.step = whole_number("--step", value); }},
    OptionRow{"--metric", "NAME=NUMBER", "may be repeated",
              [](Arguments& to, Value value) {
                const auto [name, number] = metric_of("--metric", value);
                add_metric(to.save.options.metrics, name, number);
              }},
    OptionRow{"--tag", "TAG", "may be repeated",
              [](Arguments& to, Value value) { to.save.options.tags.push_back(value); }},
    OptionRow{"--plain", "", "a pack whose stock tool prints the payload, byte for byte",
              [](Arguments& to, Value) { to.save.options.plain = true; }},
    OptionRow{"--as-is", "", "keep bytes that are no checkpoint, or only half of one",
              [](Arguments& to, Value) { to.save.options.as_is = true; }},
    OptionRow{"--no-verify", "", "skip the decode-and-compare before the commit",
              [](Arguments& to, Value) { to.save.options.verify = false; }},
};

constexpr std::array load_positionals{
    PositionalRow{"REF", Need::required,
                  [](Arguments& to, Value value) { to.load.reference = value; }},
};
constexpr std::array load_options{
    OptionRow{"-o,--output", "FILE", "else standard output, unless that is a terminal",
              [](Arguments& to, Value value) { to.load.output = value; }},
    OptionRow{"--fallback", "", "where it cannot be used, serve its newest known-good ancestor",
              [](Arguments& to, Value) { to.load.options.fallback = true; }},
    OptionRow{"--on-fallback", "COMMAND", "gets the event as JSON; else the store's own",
              [](Arguments& to, Value value) { to.load.options.on_fallback = value; }},
    OptionRow{"--trust", "SYMBOL", "module:Name or module that counts as allowed; may be repeated",
              [](Arguments& to, Value value) { to.load.options.trusted.push_back(value); }},
    OptionRow{"--unsafe", "", "write even a payload that is known to be dangerous",
              [](Arguments& to, Value) { to.load.options.unsafe = true; }},
    OptionRow{"--no-migrate", "", "bit for bit as saved",
              [](Arguments& to, Value) { to.load.options.migrate = Migrate::never; }},
};

constexpr std::array log_positionals{
    PositionalRow{"LINE", Need::optional, [](Arguments& to, Value value) { to.log.line = value; }},
};
constexpr std::array log_options{
    OptionRow{"--tag", "TAG", "only snapshots that carry it",
              [](Arguments& to, Value value) { to.log.tag = value; }},
    OptionRow{"-n,--limit", "N", "the newest N only; 0: all",
              [](Arguments& to, Value value) { to.log.limit = count_of("--limit", value); }},
};

constexpr std::array show_options{
    OptionRow{"--tensors", "", "the arrays in it: path, dtype, shape, and where they are",
              [](Arguments& to, Value) { to.show.tensors = true; }},
    OptionRow{"--statistics", "", "of each array: min, max, NaN, Inf, zeros; all is read",
              [](Arguments& to, Value) { to.show.tensors = to.show.statistics = true; }},
    OptionRow{"--tree", "", "the objects in it as a tree",
              [](Arguments& to, Value) { to.show.tree = true; }},
    OptionRow{"--all", "", "of the tree: long lists and empty hooks, too",
              [](Arguments& to, Value) { to.show.all = true; }},
    OptionRow{"--depth", "N", "levels of the tree (3)",
              [](Arguments& to, Value value) {
                constexpr std::uint64_t most = 1'000'000;
                to.show.depth =
                    static_cast<std::uint32_t>(std::min(count_of("--depth", value), most));
              }},
};

constexpr std::array scan_positionals{
    PositionalRow{"FILE", Need::required, [](Arguments& to, Value value) { to.scan.file = value; }},
};
constexpr std::array scan_options{
    OptionRow{"--trust", "SYMBOL", "module:Name or module that counts as allowed; may be repeated",
              [](Arguments& to, Value value) { to.scan.options.trusted.push_back(value); }},
    OptionRow{"--extension", "CODE=SYMBOL",
              "what an extension code stands for where it is loaded; may be repeated",
              [](Arguments& to, Value value) { to.scan.options.extensions.push_back(value); }},
};

constexpr std::array dis_positionals{
    PositionalRow{"FILE", Need::required, [](Arguments& to, Value value) { to.dis.file = value; }},
};
constexpr std::array dis_options{
    OptionRow{"--all", "", "every pickle, those of a zip or .npy too, below a header line",
              [](Arguments& to, Value) { to.dis.all = true; }},
};

constexpr std::array convert_positionals{
    PositionalRow{"REF|FILE", Need::required,
                  [](Arguments& to, Value value) { to.convert.input = value; }},
};
constexpr std::array convert_options{
    OptionRow{"--protocol", "N", "of the pickle that is written, 2 to 5",
              [](Arguments& to, Value value) {
                const std::int64_t number = whole_number("--protocol", value);
                if (number < 2 || number > 5) {
                  throw Error(Errc::usage,
                              fmt::format("--protocol wants 2, 3, 4 or 5, not {}", number));
                }
                to.convert.protocol = static_cast<int>(number);
              }},
    OptionRow{"--to", "json", "the object graph as JSON instead, on standard output",
              [](Arguments& to, Value value) {
                if (value != "json") {
                  throw Error(Errc::usage, fmt::format("--to wants json, not '{}'", value));
                }
                to.convert.to_json = true;
              }},
    OptionRow{"-o,--output", "FILE", "else standard output, unless that is a terminal",
              [](Arguments& to, Value value) { to.convert.output = value; }},
};

constexpr std::array add_positionals{
    PositionalRow{"TABLE", Need::required, [](Arguments& to, Value value) { to.table = value; }},
};

constexpr std::array table{
    VerbRow{"save", "keep a checkpoint file as the newest snapshot of a line",
            "brine save resnet model.pkl --step 1200 --metric loss=0.31", save_positionals,
            save_options, run_save},
    VerbRow{"load", "write the checkpoint that a reference names",
            "brine load resnet@good -o model.pkl --fallback", load_positionals, load_options,
            run_load},
    VerbRow{"log", "list snapshots, newest first", "brine log resnet -n 10", log_positionals,
            log_options, run_log},
    VerbRow{"show", "tell what is in a snapshot, or a file with --tensors or --tree",
            "brine show resnet:17 --tensors", reference_or_file, show_options, run_show},
    VerbRow{"scan", "tell what a checkpoint file would do, without running it",
            "brine scan model.pkl --trust myproject.models", scan_positionals, scan_options,
            run_scan},
    VerbRow{"dis", "list the opcodes of a pickle, as python3 -m pickletools does",
            "brine dis model.pkl", dis_positionals, dis_options, run_dis},
    VerbRow{"convert", "write a pickle in another protocol, or as JSON",
            "brine convert model.pkl --protocol 2 -o old.pkl", convert_positionals, convert_options,
            run_convert},
    VerbRow{"verify",
            "check every byte of a snapshot, or of all",
            "brine verify resnet",
            optional_reference,
            {},
            run_verify},
    VerbRow{"init", "make a store", "brine init --codec zstd:9", init_positionals, init_options,
            run_init},
    VerbRow{
        "reindex", "rebuild the catalog from the manifests", "brine reindex", {}, {}, run_reindex},
    VerbRow{"migrate add",
            "register a migration table",
            "brine migrate add myproject.toml",
            add_positionals,
            {},
            run_migrate_add,
            table_grammar},
    VerbRow{"migrate status",
            "list the registered tables",
            "brine migrate status",
            {},
            {},
            run_migrate_status},
    VerbRow{"migrate plan",
            "tell what a load would rewrite",
            "brine migrate plan resnet:17",
            reference,
            {},
            run_migrate_plan},
    VerbRow{"version", "print the version", "brine version --json", {}, {}, run_version},
};

}  // namespace

std::span<const VerbRow> verbs() noexcept { return table; }

std::span<const OptionRow> global_options() noexcept { return globals; }

std::string_view long_form(std::string_view flags) noexcept {
  return flags.substr(flags.rfind(',') + 1);
}

std::string_view group_of(std::string_view verb_name) noexcept {
  const std::size_t space = verb_name.find(' ');
  return space == std::string_view::npos ? std::string_view() : verb_name.substr(0, space);
}

bool payload_goes_to_output(const Arguments& arguments) noexcept {
  if (arguments.verb == nullptr) return false;
  if (arguments.verb->run == run_convert) return arguments.convert.output.value_or("-") == "-";
  return arguments.verb->run == run_load && arguments.load.output.value_or("-") == "-";
}

}  // namespace brine::cli
