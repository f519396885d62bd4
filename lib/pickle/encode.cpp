#include "pickle/encode.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "pickle/forms.hpp"
#include "pickle/literal.hpp"

namespace brine::pickle {
namespace {

constexpr std::size_t batch = 1000;
constexpr std::size_t longest_path = 200;

std::size_t count_of(const Value& value, bool in_pairs) {
  return in_pairs ? value.pairs().size() : value.items().size();
}

}  // namespace

// How a container is filled: in batches of 1,000 behind a MARK, and what stands alone without one.
struct Encoder::Filling {
  // What counts as alone: nothing, the only one of all, the only one that is left.
  enum class Alone : std::uint8_t { none, of_all, of_rest };
  Op one;
  Op many;
  Alone alone;
  bool in_pairs;
  bool ends_empty;  // CPython writes an empty batch behind a full one

  bool is_alone(std::size_t at, std::size_t count) const {
    return count - at == 1 && (alone == Alone::of_rest || (alone == Alone::of_all && at == 0));
  }
};

void Encoder::run(const Value& value) {
  save(value);
  while (!tasks_.empty()) {
    const Task task = tasks_.back();
    tasks_.pop_back();
    work(task);
  }
  out_.op(Op::stop);
  out_.finish();
}

void Encoder::work(Task task) {
  using Alone = Filling::Alone;
  static constexpr Filling list{Op::append, Op::appends, Alone::of_all, false, false};
  static constexpr Filling items{Op::append, Op::appends, Alone::of_rest, false, false};
  static constexpr Filling set{Op::additems, Op::additems, Alone::none, false, true};
  static constexpr Filling dict{Op::setitem, Op::setitems, Alone::of_all, true, true};
  static constexpr Filling pairs{Op::setitem, Op::setitems, Alone::of_rest, true, false};
  const Value& value = *task.value;
  switch (task.step) {
    case Step::save:
      return save(value);
    case Step::build:
      return out_.op(Op::build);
    case Step::list:
      return fill(task, list);
    case Step::items:
      return fill(task, items);
    case Step::set:
      return fill(task, set);
    case Step::dict:
      return fill(task, dict);
    case Step::pairs:
      return fill(task, pairs);
    case Step::close_tuple:
      return close_tuple(value);
    case Step::close_instance:
      return close_instance(value);
    case Step::members:
      if (task.at == value.items().size()) return;
      again(task);
      return save(value.items()[task.at]);
    case Step::close_frozen:
      if (objects_.contains(value.identity())) {
        out_.op(Op::pop_mark);
        return get(objects_.at(value.identity()));
      }
      out_.op(Op::frozenset);
      return remember(value);
    case Step::close_reduced:
      write_tuple_end(1);
      out_.op(Op::reduce);
      if (!fetch_if_known(value)) remember(value);
  }
}

// Of pairs, `at` counts keys and values.
void Encoder::fill(const Task& task, const Filling& filling) {
  const std::size_t width = filling.in_pairs ? 2 : 1;
  const std::size_t count = count_of(*task.value, filling.in_pairs);
  const std::size_t at = task.at / width;
  if (task.at % width == 1) {
    again(task);
    return save(task.value->pairs()[at].second);
  }
  if (at > 0 && (at % batch == 0 || at == count)) {
    const std::size_t begin = (at - 1) / batch * batch;
    out_.op(filling.is_alone(begin, count) ? filling.one : filling.many);
  }
  if (at == count) {
    if (!filling.ends_empty || count % batch != 0 || count == 0) return;
    out_.op(Op::mark);
    return out_.op(filling.many);
  }
  if (at % batch == 0 && !filling.is_alone(at, count)) out_.op(Op::mark);
  again(task);
  save(filling.in_pairs ? task.value->pairs()[at].first : task.value->items()[at]);
}

void Encoder::save(const Value& value) {
  out_.boundary();
  switch (value.kind()) {
    case Kind::none:
      return out_.op(Op::none);
    case Kind::boolean:
      return out_.op(value.boolean() ? Op::newtrue : Op::newfalse);
    case Kind::integer:
      return save_integer(value);
    case Kind::real:
      return write_real(out_, value.real());
    case Kind::symbol:
      return write_symbol(value.symbol());
    default:
      break;
  }
  if (const auto known = objects_.find(value.identity()); known != objects_.end()) {
    return get(known->second);
  }
  save_object(value);
}

void Encoder::save_object(const Value& value) {
  switch (value.kind()) {
    case Kind::text:
    case Kind::bytes:
    case Kind::byte_array:
      return save_raw(value);
    case Kind::tuple:
      return save_tuple(value);
    case Kind::set:
    case Kind::frozen_set:
      return save_set(value);
    case Kind::instance:
      return save_instance(value);
    case Kind::array:
      return save_array(value);
    default:
      return save_sequence(value);
  }
}

void Encoder::save_integer(const Value& value) {
  const Bytes bytes = value.integer_bytes();
  if (bytes.size() <= 4) return write_small_integer(out_, value.integer());
  if (bytes.size() > 0x7fffffff) cannot("an integer of 2 GiB or more");
  write_large_integer(out_, bytes);
}

void Encoder::save_raw(const Value& value) {
  const std::string_view content = value.is(Kind::text) ? value.text() : text_of(value.bytes());
  const bool is_text = value.is(Kind::text);
  if (is_text && !is_utf8(content, Surrogates::passed)) cannot("a text that is not UTF-8");
  if (is_text) {
    write_text(content);
    return remember(value);
  }
  if (value.is(Kind::bytes)) {
    write_bytes(value.bytes());
    return remember(value);
  }
  if (protocol_ >= 5) {
    out_.counted(Op::bytearray8, value.bytes(), 8);
    return remember(value);
  }
  write_symbol({"builtins", "bytearray"});
  if (content.empty()) {
    out_.op(Op::empty_tuple);
  } else {
    if (content.size() == 1) {
      write_shared(Kind::bytes, content);
    } else {
      write_bytes(value.bytes());
      put();
    }
    write_tuple_end(1);
  }
  out_.op(Op::reduce);
  remember(value);
}

void Encoder::save_sequence(const Value& value) {
  const bool is_dict = value.is(Kind::dict);
  out_.op(is_dict ? Op::empty_dict : Op::empty_list);
  remember(value);
  tasks_.push_back({is_dict ? Step::dict : Step::list, &value});
}

void Encoder::save_tuple(const Value& value) {
  const std::size_t count = value.items().size();
  if (count == 0) return out_.op(Op::empty_tuple);
  if (count > 3) out_.op(Op::mark);
  tasks_.push_back({Step::close_tuple, &value});
  tasks_.push_back({Step::members, &value});
}

// A tuple that holds itself is in the memo once its parts are written: what stands on the stack is
// thrown away.
void Encoder::close_tuple(const Value& value) {
  const std::size_t count = value.items().size();
  const auto known = objects_.find(value.identity());
  if (known != objects_.end()) {
    if (count > 3) {
      out_.op(Op::pop_mark);
    } else {
      for (std::size_t i = 0; i < count; ++i) out_.op(Op::pop);
    }
    return get(known->second);
  }
  pickle::write_tuple_end(out_, count);
  remember(value);
}

void Encoder::save_set(const Value& value) {
  const bool is_frozen = value.is(Kind::frozen_set);
  if (protocol_ < 4) {
    write_symbol({"builtins", is_frozen ? "frozenset" : "set"});
    out_.op(Op::empty_list);
    put();
    tasks_.push_back({Step::close_reduced, &value});
    tasks_.push_back({Step::list, &value});
  } else if (is_frozen) {
    out_.op(Op::mark);
    tasks_.push_back({Step::close_frozen, &value});
    tasks_.push_back({Step::members, &value});
  } else {
    out_.op(Op::empty_set);
    remember(value);
    tasks_.push_back({Step::set, &value});
  }
}

void Encoder::save_instance(const Value& value) {
  if (value.form() == Form::new_ex && protocol_ < 4) {
    cannot(fmt::format("keywords of an instance in protocol {}; 4 and 5 have a form for them",
                       protocol_));
  }
  tasks_.push_back({Step::close_instance, &value});
  if (value.form() == Form::new_ex) {
    tasks_.push_back({Step::members, &value.arguments()});
  } else {
    tasks_.push_back({Step::save, &value.arguments()});
  }
  save(value.callable());
}

void Encoder::close_instance(const Value& value) {
  const Op ops[] = {Op::reduce, Op::newobj, Op::newobj_ex};
  out_.op(ops[static_cast<std::size_t>(value.form())]);
  if (fetch_if_known(value)) return;
  remember(value);
  if (const Value* const state = value.state()) {
    tasks_.push_back({Step::build, &value});
    tasks_.push_back({Step::save, state});
  }
  if (!value.pairs().empty()) tasks_.push_back({Step::pairs, &value});
  if (!value.items().empty()) tasks_.push_back({Step::items, &value});
}

bool Encoder::fetch_if_known(const Value& value) {
  const auto known = objects_.find(value.identity());
  if (known == objects_.end()) return false;
  out_.op(Op::pop);
  get(known->second);
  return true;
}

void Encoder::put_at(Index index) {
  ++next_;
  if (protocol_ >= 4) return out_.op(Op::memoize);
  write_put(out_, index);
}

void Encoder::get(Index index) { write_get(out_, index); }

void Encoder::remember(const Value& value) {
  objects_.emplace(value.identity(), next_);
  put();
}

void Encoder::cannot(const std::string& what) const {
  const std::string where = path();
  throw Error(Errc::usage,
              fmt::format("{}{}cannot write {}", where, where.empty() ? "" : ": ", what));
}

// From the tasks that are open: each knows how far it is.
std::string Encoder::path() const {
  std::string path;
  for (const Task& task : tasks_) {
    if (path.size() > longest_path) return path + "...";
    const Value& value = *task.value;
    if (task.step == Step::dict || task.step == Step::pairs) {
      const std::size_t at = (task.at - 1) / 2;
      const Value& key = value.pairs()[at].first;
      const bool is_name = key.is(Kind::text) && task.at % 2 == 0;
      path += is_name ? fmt::format("{}{}", path.empty() ? "" : ".", base::printable(key.text()))
                      : fmt::format("[{}]", at);
    } else if (task.at > 0) {
      path += fmt::format("[{}]", task.at - 1);
    }
  }
  return path;
}

}  // namespace brine::pickle

namespace brine {

void encode(const Value& value, Sink& sink, const EncodeOptions& options) {
  if (options.protocol < 2 || options.protocol > 5) {
    throw Error(Errc::usage, fmt::format("protocol {} is not one of 2 to 5", options.protocol));
  }
  pickle::Encoder(sink, options.protocol).run(value);
}

Bytes encode(const Value& value, const EncodeOptions& options) {
  struct Kept final : Sink {
    void write(ByteView more) override { bytes.insert(bytes.end(), more.begin(), more.end()); }
    Bytes bytes;
  } kept;
  encode(value, kept, options);
  return std::move(kept.bytes);
}

}  // namespace brine
