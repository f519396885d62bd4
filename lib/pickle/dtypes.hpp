// What numpy is told of the layout of its arrays. It believes the state of a dtype: fields beyond
// the end of an item, or flags that say numbers are objects, corrupt its memory.
#pragma once

#include <functional>
#include <string_view>

#include "pickle/recent.hpp"

namespace brine::pickle {

/// Returns what numpy.dtype(`code`, ...) makes.
Abstract dtype_of(std::string_view code);

enum class Layout : std::uint8_t {
  sound,     ///< as numpy writes it, with fields of plain types that lie inside
  believed,  ///< may be right, but numpy would not notice if it were wrong
  forged,    ///< objects that are said to be none: bytes pass for pointers
};

/// Judges the state that `dtype` is given. `text` gives equal numbers for equal texts. The fields
/// of a sound one are sealed: numpy keeps the dict itself.
/// Facts: arraydescr_setstate and _setobject_pkl of numpy's C sources.
Layout judge_layout(const Abstract& dtype, const Abstract& state, Recent& recent,
                    const std::function<std::uint32_t(const Abstract&)>& text);

/// Whether `tuple`, if numpy is given it as the state of an array of objects, has as many objects
/// as its shape says; of any other tuple, yes. numpy reads its list to the end of the shape. Facts:
/// _setlist_pkl of numpy's C sources; 1.24.2 and 2.4.6 crash.
bool has_its_objects(Abstracts tuple, Recent& recent);

}  // namespace brine::pickle
