// What calls do, as far as their arguments tell.
#include <utility>

#include "pickle/machine.hpp"

namespace brine::pickle {
namespace {

constexpr std::size_t most_loaded = 100'000;

}  // namespace

// A pickler gives an object its items, then its state, and both as soon as it is made.
Abstract Machine::aged(Abstract value) {
  const bool ages = value.trait == Trait::symbols ||
                    (value.shape == Shape::unknown && value.trait == Trait::none);
  if (ages) value.trait = Trait::old;
  return value;
}

void Machine::keep(std::uint32_t symbol) {
  ++symbols_[symbol].kept;
  symbols_[symbol].roles |= role::value;
}

void Machine::release(std::uint32_t symbol) {
  if (--symbols_[symbol].kept == 0) symbols_[symbol].roles &= ~role::value;
}

void Machine::keep_all() {
  if (std::exchange(keeps_all_, true)) return;
  for (std::uint32_t each = 0; each < symbols_.size(); ++each) {
    if (symbols_[each].roles != 0) keep(each);
  }
}

// A tuple that is the arguments of a call goes into an object besides.
void Machine::keep_again(const Abstract& tuple) {
  const Recent::Taken taken = recent_.take_back(tuple.ref);
  if (taken == Recent::Taken::unknown) keep_all();
  const auto items = recent_.items(tuple.ref);
  if (taken != Recent::Taken::yes || !items) return;
  for (const Abstract& each : *items) {
    if (is_symbol(each)) keep(each.ref);
  }
}

// What a call is known to make instances of, its arguments do not keep.
bool Machine::take_apart(const Abstract& tuple) {
  if (keeps_all_ || !recent_.take(tuple.ref)) return false;
  for (const std::uint32_t each : taken_) {
    release(each);
  }
  return true;
}

// ("module", class, file, source): the class, which torch's first format names by persistent ids.
// Facts: persistent_load of torch.serialization._legacy_load, from 0.1 to 2.13.
std::optional<Abstract> Machine::named_module(Values id) {
  if (id.size() != 1 || id[0].shape != Shape::tuple) return std::nullopt;
  const auto items = recent_.items(id[0].ref);
  if (!items || items->size() != 4 || !is_name((*items)[0]) || !is_symbol((*items)[1]) ||
      text_of((*items)[0]) != "module") {
    return std::nullopt;
  }
  const Abstract found = (*items)[1];
  taken_ = {found.ref};
  take_apart(id[0]);
  return found;
}

Abstract Machine::on_call(const Token& token, const Abstract& callable, const Abstract& arguments) {
  taken_.clear();
  if (!is_symbol(callable)) {
    use(token, arguments);
    const auto maker = maker_of(callable);
    if (made_of(callable) != Made::caller) {
      add_concern(Concern::Kind::calls_object, token, maker);
    }
    return maker ? of_maker(*maker) : of(Shape::unknown);
  }
  const Effect effect = symbols_[callable.ref].effect;
  const auto result = follow(token, callable, arguments);
  if (!result || taken_.empty() || !take_apart(arguments)) use(token, arguments);
  if (effect == Effect::none) {
    const auto given = recent_.items(arguments.shape == Shape::tuple ? arguments.ref : 0);
    const Op op = token.code->op;
    const bool is_class_alone = (op == Op::obj || op == Op::inst) && given && given->empty();
    const bool is_new = op == Op::newobj || op == Op::newobj_ex;
    if (is_made_text(callable, given)) add_concern(Concern::Kind::made_text, token);
    symbols_[callable.ref].roles |= is_class_alone || is_new ? role::instance : role::called;
  } else {
    symbols_[callable.ref].roles |=
        result && effect != Effect::dtype ? role::checked : role::called;
  }
  if (effect == Effect::dtype && !result) return of_made(Made::other_dtype);
  return result.value_or(of_maker(callable.ref));
}

// What the call makes, where its arguments can be vouched for.
std::optional<Abstract> Machine::follow(const Token& token, const Abstract& callable,
                                        const Abstract& arguments) {
  const Effect effect = symbols_[callable.ref].effect;
  // NEWOBJ_EX has arguments and keywords in one tuple.
  if (effect == Effect::none || token.code->op == Op::newobj_ex) return std::nullopt;
  const auto items = recent_.items(arguments.shape == Shape::tuple ? arguments.ref : 0);
  if (!items) return std::nullopt;
  if (effect == Effect::looks_up) return look_up(token, *items);
  if (effect == Effect::imports) return import_module(token, *items);
  return follow_many(effect, of_maker(callable.ref), *items);
}

std::optional<Abstract> Machine::follow_many(Effect effect, const Abstract& maker, Values items) {
  const auto thing_if = [&](bool is_sound) {
    return is_sound ? std::optional(maker) : std::nullopt;
  };
  const std::size_t count = items.size();
  switch (effect) {
    case Effect::dtype:
      return make_dtype(items);
    case Effect::makes_first:
      return thing_if(count > 0 && is_made(items[0]));
    case Effect::makes_array:
      return thing_if(count > 0 && makes_array(items[0]));
    case Effect::loads_bytes:
      return thing_if(count == 1 && loads(items[0]));
    case Effect::makes_both:
      return thing_if(count > 1 && is_made(items[0]) && is_made(items[1]));
    case Effect::reconstructs:
      return thing_if(reconstructs(items));
    case Effect::calls_default:
      return thing_if(count == 0 || may_be_called(items[0]));
    case Effect::keeps_call:
      return count > 0 && is_called(items[0]) ? std::optional(of_made(Made::caller)) : std::nullopt;
    case Effect::makes_generator:
      return thing_if(makes_generator(items));
    case Effect::rebuilds:
      return thing_if(rebuilds(items));
    case Effect::makes_scalar:
      return thing_if(count > 0 && is_dtype(items[0]) && made_of(items[0]) != Made::other_dtype);
    case Effect::encodes:
      return thing_if(count == 2 && items[0].shape == Shape::text && is_name(items[1]) &&
                      is_character_codec(text_of(items[1])));
    default:
      return std::nullopt;
  }
}

// str(bytes, codec), by a codec that does more than to translate characters.
bool Machine::is_made_text(const Abstract& callable, std::optional<Values> given) const {
  const Symbol& symbol = symbols_[callable.ref].symbol;
  const bool is_text = (symbol.module == "builtins" || symbol.module == "__builtin__") &&
                       (symbol.name == "str" || symbol.name == "unicode");
  if (!is_text || (given && given->size() < 2)) return false;
  // Of bytes that a call made, nobody has read what they spell.
  const bool is_read = given && ((*given)[0].shape == Shape::bytes ||
                                 (*given)[0].shape == Shape::bytearray);
  return !is_read || !is_name((*given)[1]) || !is_character_codec(text_of((*given)[1]));
}

Abstract Machine::make_dtype(Values items) const {
  // numpy.record is one of raw bytes whose width its state says.
  const bool is_record = !items.empty() && is_symbol(items[0]) &&
                         symbols_[items[0].ref].symbol.name == "record" &&
                         symbols_[items[0].ref].symbol.module.starts_with("numpy");
  if (is_record) return of_made(Made::raw_dtype);
  const bool has_code = !items.empty() && is_name(items[0]);
  return has_code ? dtype_of(text_of(items[0])) : of_made(Made::other_dtype);
}

// Bytes that were pushed just before, as by what torch writes.
bool Machine::loads(const Abstract& bytes) {
  const bool is_known = bytes.shape == Shape::bytes && bytes.ref == bytes_number_;
  if (!is_known || loaded_.size() >= most_loaded) return false;
  loaded_.push_back(last_bytes_);
  return true;
}

// joblib notes the class of a memmap in a wrapper and makes an array in memory of it.
void Machine::release_wrapped(const Abstract& object, const Abstract& state) {
  const auto maker = maker_of(object);
  if (!maker || symbols_[*maker].symbol.name != "NumpyArrayWrapper") return;
  const auto items = recent_.items(state.shape == Shape::dict ? state.ref : 0);
  if (!items) return;
  for (const Abstract& each : *items) {
    if (!is_symbol(each) || symbols_[each.ref].effect != Effect::opens_file) continue;
    if (!recent_.seal(state.ref)) return;
    symbols_[each.ref].roles |= role::checked;
    release(each.ref);
  }
}

bool Machine::makes_array(const Abstract& type) {
  if (!is_symbol(type) || symbols_[type.ref].effect != Effect::opens_file) return is_made(type);
  symbols_[type.ref].roles |= role::checked;
  taken_.push_back(type.ref);
  return true;
}

// Whether it is a layer of torch, which keeps methods of its own as hooks: made by the __new__ of
// its class, not by a call, which may return anything.
bool Machine::is_layer(const Abstract& value) const {
  const auto maker = maker_of(value);
  if (!maker || !symbols_[*maker].symbol.module.starts_with("torch.nn.")) return false;
  return (symbols_[*maker].roles & (role::instance | role::called)) == role::instance;
}

// Whether its __new__ may be said to run. A symbol with an effect of its own makes what nobody
// looked at.
bool Machine::is_made(const Abstract& value) {
  if (!is_symbol(value) || symbols_[value.ref].effect != Effect::none) return false;
  symbols_[value.ref].roles |= role::instance;
  taken_.push_back(value.ref);
  return true;
}

bool Machine::is_called(const Abstract& value) {
  if (made_of(value) == Made::caller) return true;
  if (!is_symbol(value) || symbols_[value.ref].effect != Effect::none) return false;
  symbols_[value.ref].roles |= role::called;
  return true;
}

// A tuple that is made of anything but a tuple would hide what it holds from whoever is given it.
bool Machine::reconstructs(Values items) {
  if (items.size() != 3 || !is_symbol(items[1])) return false;
  const Symbol& base = symbols_[items[1].ref].symbol;
  const bool is_plain = base.name != "tuple" || items[2].shape == Shape::tuple;
  return is_builtin_base(base) && is_plain && is_made(items[0]);
}

// What is no function, class or object cannot be called, and what is tried then fails.
bool Machine::may_be_called(const Abstract& value) {
  return !is_open(value.shape) || is_called(value);
}

// f(name, maker = numpy's own): maker(name) runs, and name() where name is a class.
bool Machine::makes_generator(Values items) {
  if (!items.empty() && is_symbol(items[0]) && !is_called(items[0])) return false;
  if (items.size() < 2) return true;
  if (!is_symbol(items[1]) || symbols_[items[1].ref].effect != Effect::calls_default) {
    return may_be_called(items[1]);
  }
  symbols_[items[1].ref].roles |= role::checked;
  return true;
}

// Only torch's own functions: what they make has no state that somebody would have to judge.
bool Machine::rebuilds(Values items) {
  if (items.size() != 4 || !is_symbol(items[0])) return false;
  const std::string& module = symbols_[items[0].ref].symbol.module;
  return (module == "torch._utils" || module == "torch.nested._internal.nested_tensor") &&
         is_called(items[0]) && is_made(items[1]);
}

std::optional<Abstract> Machine::look_up(const Token& token, Values items) {
  if (items.size() != 2 || !is_name(items[1])) return std::nullopt;
  if (!is_symbol(items[0]) && !is_layer(items[0])) return std::nullopt;
  const std::uint32_t first = is_symbol(items[0]) ? items[0].ref : *maker_of(items[0]);
  const Symbol owner = symbols_[first].symbol;
  if (is_symbol(items[0])) taken_.push_back(first);
  const std::string_view name = text_of(items[1]);
  const std::string whole =
      owner.name.empty() ? std::string(name) : owner.name + "." + std::string(name);
  const auto number = number_of(owner.module, whole, token.offset);
  return number ? Abstract{Shape::symbol, Trait::none, *number} : of(Shape::unknown);
}

// `a.b` is the attribute `b` of the package `a`: the module, unless `a` has put something else
// there.
std::optional<Abstract> Machine::import_module(const Token& token, Values items) {
  if (items.size() != 1 || !is_name(items[0])) return std::nullopt;
  const auto number = number_of(text_of(items[0]), "", token.offset);
  return number ? Abstract{Shape::symbol, Trait::none, *number} : of(Shape::unknown);
}

}  // namespace brine::pickle
