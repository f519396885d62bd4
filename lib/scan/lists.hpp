// The lists of lib/scan/lists, parsed.
//
// An allow list has one `ROLE module:Name` per line; ROLE is what a pickle may do with the symbol:
//
//   value    keep it as it is
//   class    make instances of it, by its __new__; not keep it, as something could call it then
//   type     both of value and class
//   call     also call it, with any arguments
//   checked  call it with arguments that are known (Effect in pickle/calls.hpp), nothing else
//   maker    both of value and checked
//
// The deny list has `module:Name`, `module:*` and `*:component`; the head of lists/deny.txt says
// what each covers. A line that starts with `#` is a comment.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

#include "base/embedded.hpp"
#include "pickle/calls.hpp"

namespace brine::scan {

namespace embedded {
extern const std::span<const base::EmbeddedFile> files;
}

/// Views into the text that is compiled in.
struct BuiltInLists {
  std::unordered_map<std::string_view, pickle::Roles> allowed;  ///< by `module:Name`
  std::unordered_set<std::string_view> allowed_modules;         ///< those of the symbols above
  std::set<std::string, std::less<>> denied;                    ///< `module` or `module.Name`
  std::unordered_set<std::string_view> denied_passages;         ///< last part of each denied module
  std::unordered_set<std::string_view> denied_components;       ///< of a qualified name
};

/// Parses on the first call. Thread-safety: any thread.
const BuiltInLists& built_in_lists();

}  // namespace brine::scan
