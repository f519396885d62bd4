// What a pickle does with a symbol besides pushing it, and the calls whose arguments decide what
// they do.
#pragma once

#include <cstdint>

#include "brine/pickle.hpp"

namespace brine::pickle {

/// Bits: what happens to a symbol. What an allow-list lets happen is a set of the same.
using Roles = std::uint8_t;
namespace role {
inline constexpr Roles value = 1;     ///< goes into an object as it is
inline constexpr Roles instance = 2;  ///< as a class, whose __new__ makes an instance
inline constexpr Roles checked = 4;   ///< called, with arguments that make its Effect known
inline constexpr Roles called = 8;    ///< called, with whatever arguments
}  // namespace role

/// What a call does where its arguments decide that. The symbols among them get roles of their own.
enum class Effect : std::uint8_t {
  none,
  dtype,          ///< numpy.dtype(code, ...): judged when it gets its state
  makes_first,    ///< f(cls, ...): cls.__new__ runs
  makes_array,    ///< numpy's f(cls, shape, code): an array of class cls, by numpy's own __new__
  opens_file,     ///< cls.__new__ does; but an array of this class may be made otherwise
  loads_bytes,    ///< torch.storage._load_from_bytes: what the bytes hold is loaded
  makes_both,     ///< f(cls, cls, ...): that of both runs
  reconstructs,   ///< copyreg._reconstructor(cls, base, state): base.__new__ and base.__init__ run
  calls_default,  ///< f() runs: at once, or as the factory of a defaultdict
  keeps_call,     ///< functools.partial(f, ...): f runs when the result is called
  makes_generator,  ///< numpy.random's f(name, maker): maker(name) runs
  rebuilds,         ///< torch._tensor._rebuild_from_type_v2(f, cls, arguments, state)
  encodes,          ///< _codecs.encode(text, "latin1")
  makes_scalar,     ///< numpy's scalar(dtype, bytes): objects in it would be bytes for pointers
  looks_up,         ///< getattr(symbol, "name") is the symbol `module:symbol.name`
  imports,          ///< dill's import of a module by its name
};

/// Returns what calls of `symbol` do; none: the same whatever its arguments.
Effect effect_of(const Symbol& symbol);

/// Whether `symbol` is a type of Python itself that can hold what an instance is made from.
bool is_builtin_base(const Symbol& symbol);

/// Whether `name` is a codec between text and bytes that only translates characters.
bool is_character_codec(std::string_view name);

}  // namespace brine::pickle
