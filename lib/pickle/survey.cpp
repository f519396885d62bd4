#include "pickle/survey.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace brine::pickle {
namespace {

constexpr std::uint64_t most_in_4_bytes = 0xffffffff;
// Of a name, see is_plain_name(): longer texts are data.
constexpr std::uint64_t longest_name = 4096;

Slot slot(Shape shape, std::uint64_t start) { return {shape, false, Slot::no_ref, start}; }

bool takes_mark(Op op) {
  return op == Op::tuple || op == Op::list || op == Op::dict || op == Op::frozenset ||
         op == Op::obj || op == Op::inst;
}

// How many values an opcode without a mark gathers; more than that need one.
std::size_t most_without_mark(Op op) { return op == Op::tuple ? 3 : 0; }

}  // namespace

Survey::Survey(int protocol, const Limits& limits) : Interpreter(limits), target_(protocol) {}

void Survey::refuse(std::string reason) {
  lacks_form_ = true;
  fail(std::move(reason));
}

void Survey::note(std::uint64_t offset, Note::Kind kind, std::uint64_t number) {
  notes_.push_back({offset, kind, number});
}

bool Survey::has_room_for_note() {
  if (notes_.size() + classes_.size() + sets_.size() + puts_ < limits_.max_nodes) return true;
  return fail(fmt::format("max_nodes: more than {} places that protocol {} has another form for",
                          limits_.max_nodes, target_));
}

Slot Survey::on_literal(const Token& token) {
  return slot(token.code->op == Op::none ? Shape::none : Shape::scalar, token.offset);
}

Slot Survey::on_text(const Token& token) {
  if (target_ < 4 && token.argument_bytes > most_in_4_bytes) {
    refuse(fmt::format("a text of {} bytes has no form in protocol {}; 4 and 5 have one",
                       token.argument_bytes, target_));
  }
  Slot text = slot(Shape::text, token.offset);
  const bool may_be_name = token.argument_bytes <= longest_name;
  if (has_names_on_stack() || !may_be_name || is_full(texts_)) return text;
  text.ref = static_cast<std::uint32_t>(texts_.size());
  texts_.push_back({.slots = 1});
  touch(token, text.ref);
  return text;
}

void Survey::touch(const Token& token, std::uint32_t text) {
  if (is_full(touches_)) {
    texts_[text].is_kept = true;
  } else {
    touches_.push_back({token.offset, text});
  }
}

Slot Survey::on_bytes(const Token& token) {
  const Op op = token.code->op;
  if (op == Op::next_buffer && target_ < 5) {
    refuse(
        fmt::format("a buffer that stands outside of the pickle has no form in protocol {}; "
                    "5 has one",
                    target_));
  }
  if (target_ < 4 && token.argument_bytes > most_in_4_bytes) {
    refuse(fmt::format("{} bytes at once have no form in protocol {}; 4 and 5 have one",
                       token.argument_bytes, target_));
  }
  const Shape shape = op == Op::bytearray8    ? Shape::bytearray
                      : op == Op::next_buffer ? Shape::unknown
                                              : Shape::bytes;
  return slot(shape, token.offset);
}

Slot Survey::on_container(const Token& token, Shape shape, Items, Values items) {
  const Op op = token.code->op;
  if (op == Op::empty_set && target_ < 4) return add_set(token);
  if (!takes_mark(op)) return slot(shape, items.empty() ? token.offset : items[0].start);
  if (op == Op::frozenset && target_ < 4 && has_room_for_note()) {
    note(taken_mark(), Note::Kind::frozenset_begins);
  } else if (op == Op::tuple || op == Op::list || op == Op::dict) {
    gather(token, items.size());
  }
  return slot(shape, taken_mark());
}

// Where there are too many, the long forms stay: every protocol has them.
void Survey::gather(const Token& token, std::size_t count) {
  if (count > most_without_mark(token.code->op) || is_full(notes_)) return;
  note(taken_mark(), Note::Kind::drop);
  note(token.offset, Note::Kind::gather, count);
}

Slot Survey::add_set(const Token& token) {
  if (!has_room_for_note()) return no_slot;
  Slot set = slot(Shape::set, token.offset);
  set.ref = static_cast<std::uint32_t>(sets_.size());
  sets_.push_back({.begin = token.offset, .end = token.offset});
  return set;
}

void Survey::on_items(const Token& token, const Slot& target, Items, Values) {
  if (target.shape != Shape::set || target.ref == Slot::no_ref) return;
  Set& set = sets_[target.ref];
  if (set.is_shared) {
    refuse(
        fmt::format("the set that begins at byte {} holds itself, or grows after it was "
                    "shared: protocol {} has no form for that; 4 and 5 have one",
                    set.begin, target_));
    return;
  }
  set.end = token.offset;
  for (Put& put : set.puts) {
    const auto there = remembered(put.index);
    if (there && (there->shape != Shape::set || there->ref != target.ref)) put.is_lost = true;
  }
}

Slot Survey::on_call(const Token& token, const Slot& callable, const Slot&) {
  const Op op = token.code->op;
  if (op == Op::newobj_ex && target_ < 4) {
    if (callable.start == Slot::no_start) {
      refuse(
          fmt::format("NEWOBJ_EX takes a class from a copy on the stack, which has no form in "
                      "protocol {}; 4 and 5 have one",
                      target_));
    }
    if (has_room_for_note()) classes_.push_back({callable.start, Note::Kind::class_begins, 0});
  }
  return slot(Shape::unknown, takes_mark(op) ? taken_mark() : callable.start);
}

Slot Survey::on_persistent(const Token& token, Values id) {
  return slot(Shape::unknown, id.empty() ? token.offset : id[0].start);
}

Slot Survey::on_extension(const Token& token) { return slot(Shape::unknown, token.offset); }

Slot Survey::on_symbol(const Token& token, std::string_view, std::string_view) {
  return slot(Shape::symbol, token.offset);
}

Slot Survey::on_stack_symbol(const Token& token, const Slot& module, const Slot& name) {
  if (!has_names_on_stack()) {
    for (const Slot& text : {module, name}) {
      if (text.ref != Slot::no_ref) ++texts_[text.ref].names;
    }
    operands_.push_back({token.offset, module.ref, name.ref});
  }
  return slot(Shape::symbol, module.start);
}

Slot Survey::on_get(const Token& token, const Slot& slot) {
  Slot got = slot;
  got.start = token.offset;
  if (slot.ref == Slot::no_ref) return got;
  if (slot.shape == Shape::set) sets_[slot.ref].is_shared = true;
  if (slot.shape == Shape::text) {
    ++texts_[slot.ref].slots;
    touch(token, slot.ref);
  }
  return got;
}

// Nothing may be put below what is copied, and nothing of it may go.
Slot Survey::on_dup(const Token&, const Slot& slot) {
  Slot copy = slot;
  copy.start = Slot::no_start;
  if (slot.ref == Slot::no_ref) return copy;
  if (slot.shape == Shape::set) sets_[slot.ref].is_shared = true;
  if (slot.shape == Shape::text) texts_[slot.ref].is_kept = true;
  return copy;
}

void Survey::on_put(const Token& token, std::uint64_t index, const Slot& slot) {
  free_index_ = std::max(free_index_, index + 1);
  if (slot.ref == Slot::no_ref) return;
  if (slot.shape == Shape::set && has_room_for_note()) {
    sets_[slot.ref].puts.push_back({token.offset, index});
    ++puts_;
  }
  if (slot.shape == Shape::text) touch(token, slot.ref);
}

bool Survey::is_name_only(std::uint32_t text) const {
  if (text == Slot::no_ref) return false;
  const Text& known = texts_[text];
  return known.names > 0 && known.names == known.slots && !known.is_kept;
}

void Survey::note_texts() {
  for (const Touch& touched : touches_) {
    if (is_name_only(touched.text)) note(touched.offset, Note::Kind::drop);
  }
  for (const Operands& each : operands_) {
    const int kept = (is_name_only(each.module) ? 0 : 1) + (is_name_only(each.name) ? 0 : 1);
    if (kept > 0) note(each.offset, Note::Kind::pop, static_cast<std::uint64_t>(kept));
  }
}

void Survey::note_sets() {
  for (const Set& set : sets_) {
    note(set.end, Note::Kind::set_ends);
    for (const Put& put : set.puts) {
      if (put.offset > set.end) continue;
      note(put.offset, Note::Kind::drop);
      if (!put.is_lost) note(set.end, Note::Kind::put, put.index);
    }
  }
}

std::vector<Note> Survey::take_notes() {
  note_texts();
  note_sets();
  // Where two begin at one opcode, the outer class was met later and comes first.
  std::vector<Note> notes(classes_.rbegin(), classes_.rend());
  notes.insert(notes.end(), notes_.begin(), notes_.end());
  std::stable_sort(notes.begin(), notes.end(),
                   [](const Note& a, const Note& b) { return a.offset < b.offset; });
  return notes;
}

}  // namespace brine::pickle
