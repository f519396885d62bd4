// The type of a .npy header, spelled as that of the same array in a pickle.
#pragma once

#include <string>
#include <string_view>

namespace brine::tensor {

/// Requires: archive::NpyHeader::type. What cannot be spelled is returned as it is.
std::string spelled_npy_type(std::string_view type);

}  // namespace brine::tensor
