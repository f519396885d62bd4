// Text files that are compiled in by tools/embed.py.
#pragma once

#include <span>
#include <string_view>

namespace brine::base {

struct EmbeddedFile {
  std::string_view name;  ///< without its directory
  std::string_view content;
};

}  // namespace brine::base
