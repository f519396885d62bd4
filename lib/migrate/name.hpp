// Names as a table may write them.
//
//   module    = component *( "." component )
//   qualified = part *( "." part )             part = component / "<locals>" / "<lambda>"
//   symbol    = module ":" qualified
//   component = 1*( letter / digit / "_" / non-ASCII, but no space, control or format character )
//
// A component may begin with a digit: importlib loads `01_train.py`, so pickles name it.
// A line feed in a name would forge the second line of a GLOBAL opcode; invisible characters would
// forge what a person reads in a plan.
#pragma once

#include <optional>
#include <string_view>

#include "brine/pickle.hpp"

namespace brine::migrate {

bool is_module_name(std::string_view text);

/// Splits `module:Name`; nothing when it is none.
std::optional<Symbol> parse_symbol(std::string_view text);

}  // namespace brine::migrate
