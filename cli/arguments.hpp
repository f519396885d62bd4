// What the command line says, as plain structs that the commands read.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "brine/options.hpp"
#include "brine/pickle.hpp"

namespace brine::cli {

struct VerbRow;

struct GlobalArguments {
  std::optional<std::string> store;
  bool json = false;
  bool quiet = false;
  bool no_color = false;
};

struct InitArguments {
  std::optional<std::string> path;
  CreateOptions options;
};

struct SaveArguments {
  std::string line;
  std::string file;  ///< `-`: standard input
  SaveOptions options;
};

struct LoadArguments {
  std::string reference;
  std::optional<std::string> output;  ///< `-`: standard output
  LoadOptions options;
};

struct ShowArguments {
  bool tensors = false;  ///< besides what the manifest says
  bool statistics = false;
  bool tree = false;
  std::optional<std::uint32_t> depth;  ///< of the tree
  bool all = false;                    ///< of it
};

struct ScanArguments {
  std::string file;  ///< `-`: standard input
  ScanOptions options;
};

struct DisArguments {
  std::string file;  ///< `-`: standard input
  bool all = false;
};

struct ConvertArguments {
  std::string input;                  ///< REF or FILE; `-`: standard input
  std::optional<std::string> output;  ///< `-`: standard output
  std::optional<int> protocol;
  bool to_json = false;
};

/// One command line. Of the parts that belong to verbs, only that of `verb` is filled.
struct Arguments {
  const VerbRow* verb = nullptr;
  std::vector<std::string> words;  ///< as typed
  GlobalArguments global;
  InitArguments init;
  SaveArguments save;
  LoadArguments load;
  LogQuery log;
  ShowArguments show;
  ScanArguments scan;
  DisArguments dis;
  ConvertArguments convert;
  std::string reference;  ///< of show, verify and migrate plan
  std::string table;      ///< of migrate add
};

/// Reads the words after the program's name. Throws: usage, with the closest verb or option.
Arguments parse_arguments(const std::vector<std::string>& words);

/// Says whether standard output is taken by a payload, so that a document must go elsewhere.
bool payload_goes_to_output(const Arguments& arguments) noexcept;

}  // namespace brine::cli
