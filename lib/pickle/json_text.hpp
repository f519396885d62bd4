// Texts as JSON has them.
#pragma once

#include <string>
#include <string_view>

namespace brine::pickle {

/// Appends `text` as a JSON string of ASCII. Bytes that are no UTF-8 become U+FFFD; surrogates may
/// stand alone, as in Python.
void append_json(std::string& out, std::string_view text);

}  // namespace brine::pickle
