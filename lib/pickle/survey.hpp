// What must be known of a pickle before its first opcode is written in another protocol.
//
// Nearly every opcode has a form of its own in every protocol. These do not, and what becomes of
// them is only known when later ones are read:
//
//   texts that serve as names only     go where GLOBAL carries its names itself
//   EMPTY_SET ... ADDITEMS             set([...]): the set is made when its last item is there
//   MARK ... FROZENSET                 frozenset([...]): the callable stands before the items
//   class, arguments, NEWOBJ_EX        copyreg.__newobj_ex__(class, arguments, keywords)
//   MARK ... TUPLE, LIST or DICT       TUPLE1 to 3 and EMPTY_TUPLE, EMPTY_LIST, EMPTY_DICT
//
// So a survey reads all of it first and writes notes for those places. Its memory is that of stack
// and memo at 16 bytes a value, and of the notes.
#pragma once

#include <cstdint>
#include <vector>

#include "pickle/interpreter.hpp"

namespace brine::pickle {

/// At one opcode, what is to be done besides writing it, or in its place.
struct Note {
  enum class Kind : std::uint8_t {
    class_begins,      ///< before it: the callable that NEWOBJ_EX becomes
    frozenset_begins,  ///< before it: the callable that FROZENSET becomes
    drop,              ///< it is not written
    gather,            ///< a tuple, list or dict of `number` values without its mark
    pop,               ///< before a symbol: `number` texts that stay for others
    set_ends,          ///< behind it: the list that stands for a set becomes one
    put,               ///< behind that: into the memo at `number`
  };
  std::uint64_t offset = 0;
  Kind kind{};
  std::uint64_t number = 0;
  friend bool operator==(const Note&, const Note&) = default;
};

/// What a survey knows of a value on the stack.
struct Slot {
  static constexpr std::uint32_t no_ref = ~std::uint32_t{0};
  static constexpr std::uint64_t no_start = ~std::uint64_t{0};

  Shape shape = Shape::unknown;
  bool is_hole = false;
  std::uint32_t ref = no_ref;      ///< of a text or a set: its number
  std::uint64_t start = no_start;  ///< offset of the first opcode that it is made by
  friend bool operator==(const Slot&, const Slot&) = default;
};
inline constexpr Slot no_slot{Shape::unknown, true, Slot::no_ref, Slot::no_start};

/// Takes the tokens of one pickle that is to be written in `protocol`, 2 to 5.
class Survey final : public Interpreter<Survey, Slot, no_slot> {
 public:
  Survey(int protocol, const Limits& limits);

  /// Whether reason() is that `protocol` has no form for something.
  bool lacks_form() const noexcept { return lacks_form_; }
  /// The lowest index from which on the memo is free.
  std::uint64_t free_index() const noexcept { return free_index_; }
  /// Returns the notes by offset; those of one opcode in the order in which they are to be obeyed.
  std::vector<Note> take_notes();

 private:
  struct Text {
    std::uint32_t slots = 0;  // that held it
    std::uint32_t names = 0;  // of these, how many STACK_GLOBAL took
    bool is_kept = false;
  };
  // An opcode that goes with its text.
  struct Touch {
    std::uint64_t offset = 0;
    std::uint32_t text = 0;
  };
  struct Operands {
    std::uint64_t offset = 0;  // of STACK_GLOBAL
    std::uint32_t module = 0;
    std::uint32_t name = 0;
  };
  struct Put {
    std::uint64_t offset = 0;
    std::uint64_t index = 0;
    bool is_lost = false;  // another value took its place before the set was whole
  };
  struct Set {
    std::uint64_t begin = 0;
    std::uint64_t end = 0;  // the opcode behind which it is whole
    bool is_shared = false;
    std::vector<Put> puts;
  };

  friend class Interpreter<Survey, Slot, no_slot>;
  using Values = std::span<const Slot>;
  static Shape shape_of(const Slot& slot) { return slot.shape; }

  // As the interpreter calls them.
  Slot on_literal(const Token& token);
  Slot on_text(const Token& token);
  Slot on_bytes(const Token& token);
  Slot on_container(const Token& token, Shape shape, Items form, Values items);
  void on_items(const Token& token, const Slot& target, Items form, Values items);
  Slot on_call(const Token& token, const Slot& callable, const Slot& arguments);
  static Slot on_state(const Token&, const Slot& object, const Slot&) { return object; }
  Slot on_persistent(const Token& token, Values id);
  Slot on_extension(const Token& token);
  Slot on_symbol(const Token& token, std::string_view module, std::string_view name);
  Slot on_stack_symbol(const Token& token, const Slot& module, const Slot& name);
  Slot on_get(const Token& token, const Slot& slot);
  Slot on_dup(const Token& token, const Slot& slot);
  void on_put(const Token& token, std::uint64_t index, const Slot& slot);
  void on_protocol(int) {}
  void on_frame(const Token&) {}
  void on_dispute(const Token&) {}
  void on_result(const Slot&) {}

  bool has_names_on_stack() const noexcept { return target_ >= 4; }
  Slot add_set(const Token& token);
  void gather(const Token& token, std::size_t count);
  void note(std::uint64_t offset, Note::Kind kind, std::uint64_t number = 0);
  bool has_room_for_note();
  void touch(const Token& token, std::uint32_t text);
  bool is_name_only(std::uint32_t text) const;
  void note_texts();
  void note_sets();
  void refuse(std::string reason);
  template <typename Item>
  bool is_full(const std::vector<Item>& items) const {
    return items.size() >= limits_.max_nodes;
  }

  int target_;
  bool lacks_form_ = false;
  std::uint64_t free_index_ = 0;
  std::vector<Note> notes_;
  std::vector<Note> classes_;  // of NEWOBJ_EX, inner ones first
  std::vector<Text> texts_;
  std::vector<Touch> touches_;
  std::vector<Operands> operands_;
  std::vector<Set> sets_;
  std::uint64_t puts_ = 0;  // of sets
};

}  // namespace brine::pickle
