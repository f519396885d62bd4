// What calls do, as far as their arguments tell.
#include "pickle/machine.hpp"

namespace brine::pickle {

Abstract Machine::on_call(const Token& token, const Abstract& callable, const Abstract& arguments) {
  use(token, arguments);
  if (!is_symbol(callable)) {
    if (made_of(callable) != Made::caller) add_concern(Concern::Kind::calls_object, token, 0);
    return of(Shape::unknown);
  }
  const Rule rule = symbols_[callable.ref].rule;
  const auto result = follow(rule, token, arguments);
  if (rule == Rule::none) {
    const auto given = recent_.items(arguments.shape == Shape::tuple ? arguments.ref : 0);
    const Op op = token.code->op;
    const bool is_class_alone = (op == Op::obj || op == Op::inst) && given && given->empty();
    const bool is_new = op == Op::newobj || op == Op::newobj_ex;
    symbols_[callable.ref].roles |= is_class_alone || is_new ? role::instance : role::called;
  } else {
    symbols_[callable.ref].roles |= result && rule != Rule::dtype ? role::checked : role::called;
  }
  if (rule == Rule::dtype && !result) return of_made(Made::other_dtype);
  return result.value_or(of(Shape::unknown));
}

// What the call makes, where the rule vouches for the arguments.
std::optional<Abstract> Machine::follow(Rule rule, const Token& token, const Abstract& arguments) {
  // NEWOBJ_EX has arguments and keywords in one tuple.
  if (rule == Rule::none || token.code->op == Op::newobj_ex) return std::nullopt;
  const auto items = recent_.items(arguments.shape == Shape::tuple ? arguments.ref : 0);
  if (!items) return std::nullopt;
  if (rule == Rule::looks_up) return look_up(token, *items);
  if (rule == Rule::imports) return import_module(token, *items);
  return follow_many(rule, *items);
}

std::optional<Abstract> Machine::follow_many(Rule rule, Values items) {
  const auto thing_if = [](bool is_sound) {
    return is_sound ? std::optional(of(Shape::unknown)) : std::nullopt;
  };
  const std::size_t count = items.size();
  switch (rule) {
    case Rule::dtype:
      return make_dtype(items);
    case Rule::makes_first:
      return thing_if(count > 0 && is_made(items[0]));
    case Rule::makes_both:
      return thing_if(count > 1 && is_made(items[0]) && is_made(items[1]));
    case Rule::reconstructs:
      return thing_if(reconstructs(items));
    case Rule::calls_default:
      return thing_if(count == 0 || may_be_called(items[0]));
    case Rule::keeps_call:
      return count > 0 && is_called(items[0]) ? std::optional(of_made(Made::caller)) : std::nullopt;
    case Rule::makes_generator:
      return thing_if(makes_generator(items));
    case Rule::rebuilds:
      return thing_if(rebuilds(items));
    case Rule::makes_scalar:
      return thing_if(count > 0 && is_dtype(items[0]) && made_of(items[0]) != Made::other_dtype);
    case Rule::encodes:
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

// Whether its __new__ may be said to run. A symbol with a rule makes what no rule saw.
bool Machine::is_made(const Abstract& value) {
  if (!is_symbol(value) || symbols_[value.ref].rule != Rule::none) return false;
  symbols_[value.ref].roles |= role::instance;
  return true;
}

bool Machine::is_called(const Abstract& value) {
  if (made_of(value) == Made::caller) return true;
  if (!is_symbol(value) || symbols_[value.ref].rule != Rule::none) return false;
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
  if (!is_symbol(items[1]) || symbols_[items[1].ref].rule != Rule::calls_default) {
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
