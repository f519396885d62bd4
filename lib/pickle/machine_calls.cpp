// What calls do, as far as their arguments tell.
#include "pickle/machine.hpp"

namespace brine::pickle {

Abstract Machine::on_call(const Token& token, const Abstract& callable, const Abstract& arguments) {
  use(token, arguments);
  if (!is_symbol(callable)) {
    const auto maker = maker_of(callable);
    if (made_of(callable) != Made::caller) {
      add_concern(Concern::Kind::calls_object, token, maker);
    }
    return maker ? of_maker(*maker) : of(Shape::unknown);
  }
  const Effect effect = symbols_[callable.ref].effect;
  const auto result = follow(effect, token, arguments);
  if (effect == Effect::none) {
    const auto given = recent_.items(arguments.shape == Shape::tuple ? arguments.ref : 0);
    const Op op = token.code->op;
    const bool is_class_alone = (op == Op::obj || op == Op::inst) && given && given->empty();
    const bool is_new = op == Op::newobj || op == Op::newobj_ex;
    symbols_[callable.ref].roles |= is_class_alone || is_new ? role::instance : role::called;
  } else {
    symbols_[callable.ref].roles |=
        result && effect != Effect::dtype ? role::checked : role::called;
  }
  if (effect == Effect::dtype && !result) return of_made(Made::other_dtype);
  return result.value_or(of_maker(callable.ref));
}

// What the call makes, where its arguments can be vouched for.
std::optional<Abstract> Machine::follow(Effect effect, const Token& token,
                                        const Abstract& arguments) {
  // NEWOBJ_EX has arguments and keywords in one tuple.
  if (effect == Effect::none || token.code->op == Op::newobj_ex) return std::nullopt;
  const auto items = recent_.items(arguments.shape == Shape::tuple ? arguments.ref : 0);
  if (!items) return std::nullopt;
  if (effect == Effect::looks_up) return look_up(token, *items);
  if (effect == Effect::imports) return import_module(token, *items);
  return follow_many(effect, *items);
}

std::optional<Abstract> Machine::follow_many(Effect effect, Values items) {
  const auto thing_if = [](bool is_sound) {
    return is_sound ? std::optional(of(Shape::unknown)) : std::nullopt;
  };
  const std::size_t count = items.size();
  switch (effect) {
    case Effect::dtype:
      return make_dtype(items);
    case Effect::makes_first:
      return thing_if(count > 0 && is_made(items[0]));
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

Abstract Machine::make_dtype(Values items) const {
  const bool has_code = !items.empty() && is_name(items[0]);
  return has_code ? dtype_of(text_of(items[0])) : of_made(Made::other_dtype);
}

// Whether its __new__ may be said to run. A symbol with an effect of its own makes what nobody
// looked at.
bool Machine::is_made(const Abstract& value) {
  if (!is_symbol(value) || symbols_[value.ref].effect != Effect::none) return false;
  symbols_[value.ref].roles |= role::instance;
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
  return items.size() == 4 && is_symbol(items[0]) &&
         symbols_[items[0].ref].symbol.module == "torch._utils" && is_called(items[0]) &&
         is_made(items[1]);
}

std::optional<Abstract> Machine::look_up(const Token& token, Values items) {
  if (items.size() != 2 || !is_symbol(items[0]) || !is_name(items[1])) return std::nullopt;
  const Symbol owner = symbols_[items[0].ref].symbol;
  const std::string_view name = text_of(items[1]);
  const std::string whole =
      owner.name.empty() ? std::string(name) : owner.name + "." + std::string(name);
  const auto number = number_of(owner.module, whole, token.offset);
  return number ? Abstract{Shape::symbol, false, *number} : of(Shape::unknown);
}

// `a.b` is the attribute `b` of the package `a`: the module, unless `a` has put something else
// there.
std::optional<Abstract> Machine::import_module(const Token& token, Values items) {
  if (items.size() != 1 || !is_name(items[0])) return std::nullopt;
  const auto number = number_of(text_of(items[0]), "", token.offset);
  return number ? Abstract{Shape::symbol, false, *number} : of(Shape::unknown);
}

}  // namespace brine::pickle
