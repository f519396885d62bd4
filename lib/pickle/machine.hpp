// The symbolic machine: what a pickle would do, without doing any of it.
//
// It runs the stack machine with abstract values in place of objects, and so learns which symbols
// are pushed, and which text pushes are module and class names and nothing else.
// It does not build the object graph: memory is that of stack and memo at 8 bytes a value, plus
// the distinct short texts. What it cannot follow (a name that is computed) it gives up on.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "brine/pickle.hpp"
#include "pickle/abstract.hpp"
#include "pickle/calls.hpp"
#include "pickle/dtypes.hpp"
#include "pickle/recent.hpp"
#include "pickle/texts.hpp"

namespace brine::pickle {

/// How a symbol is pushed.
enum class Form : std::uint8_t { global, inst, stack_global };

/// A symbol and where it was first met.
struct MetSymbol {
  Symbol symbol;             ///< its name is empty where a module itself is meant
  std::uint64_t count = 0;   ///< of pushes; 0: calls alone lead to it
  std::uint64_t offset = 0;  ///< in the payload, of the first push
  int protocol = 0;          ///< in force there
  Roles roles = 0;
  Effect effect = Effect::none;
  std::uint64_t kept = 0;  ///< by how many objects, as a value
};

/// A push of a text that may be a name, see is_plain_name().
struct TextPush {
  std::uint64_t offset = 0;  ///< of the opcode
  std::uint32_t text = 0;    ///< in the TextTable
  std::uint16_t bytes = 0;   ///< opcode and argument
  Op op{};
  bool is_data = false;  ///< it also ends up in the object graph
};

/// A push of a symbol. `module_push` and `name_push` count for stack_global only.
struct SymbolPush {
  std::uint64_t offset = 0;  ///< of the opcode
  std::uint64_t end = 0;
  std::uint32_t symbol = 0;  ///< index into symbols()
  std::uint32_t module_push = 0;
  std::uint32_t name_push = 0;
  Form form = Form::global;
  std::uint8_t protocol = 0;  ///< in force
};

/// A FRAME opcode.
struct Frame {
  std::uint64_t offset = 0;  ///< of the opcode
  std::uint64_t begin = 0;   ///< of what it frames
  std::uint64_t end = 0;
};

/// A large buffer that the pickle pushes.
struct Buffer {
  std::uint64_t offset = 0;
  std::uint64_t bytes = 0;
};

/// Something that a pickle does and no list of symbols tells of. Each once for a symbol.
struct Concern {
  enum class Kind : std::uint8_t {
    changes_import,    ///< state or items for a class or function itself, not for an instance
    believed_dtype,    ///< a numpy dtype with fields, a subtype or flags of the pickle's choosing
    forged_objects,    ///< an object dtype that denies holding objects
    short_array,       ///< an array of objects whose shape and list may not agree
    shared_memo,       ///< reads otherwise where a reader keeps the memo of the pickle before
    calls_object,      ///< what is called is no symbol, but what one made, or who knows what
    disputed_number,   ///< a number that not every reader takes, or as another one
    nested_frames,     ///< which not every reader takes
    unfinished_frame,  ///< behind its STOP: readers disagree where the next pickle begins
    shadows,           ///< a text that, as an attribute, changes what an object is or does
    list_state,        ///< or one that a call made, which no pickler writes and numpy reads
    opens_zone,        ///< a text that pandas opens a file for
    made_text,         ///< a text that is made of bytes: what it says is not looked at
    late_state,        ///< state or items for what has a state already, or may have
  };
  Kind kind{};
  std::uint64_t offset = 0;
  std::optional<std::uint32_t> symbol = {};  ///< that it is about, or that made it: of symbols()
};

/// A byte string that begins like a pickle. It is nothing to an unpickler, but something to
/// whoever unpickles it.
struct Nested {
  std::uint64_t offset = 0;  ///< in the payload
  Bytes content;
};

/// What extension codes stand for in the loading process: its registry of copyreg.
using Extensions = std::map<std::uint32_t, Symbol>;

/// How much a machine writes down.
enum class Detail : std::uint8_t {
  symbols,  ///< distinct symbols with counts, buffers
  pushes,   ///< besides, every push of a symbol and every frame: what an edit needs
};

/// Runs over the tokens of one pickle after another; its symbols add up. begin() before each.
class Machine final : public Interpreter<Machine, Abstract, no_value> {
 public:
  /// Codes of `known` push its symbols, under Detail::symbols. Lifetime: borrows it; may be null.
  explicit Machine(Detail detail, const Limits& limits = {}, const Extensions* known = nullptr);

  void on_frame_breach(const Token& token, FrameBreach breach) override;

  enum class Place : std::uint8_t { alone, behind_another };

  /// Forgets stack, marks, memo and protocol: a new pickle begins.
  void begin(Place place = Place::alone);

  const std::vector<MetSymbol>& symbols() const noexcept { return symbols_; }
  const std::vector<Buffer>& buffers() const noexcept { return buffers_; }
  const std::vector<SymbolPush>& pushes() const noexcept { return pushes_; }
  const std::vector<TextPush>& text_pushes() const noexcept { return text_pushes_; }
  const std::vector<Frame>& frames() const noexcept { return frames_; }
  std::string_view text(const TextPush& push) const { return texts_.text(push.text); }

  /// Highest PROTO seen in any pickle; 0 where there was none.
  int highest_protocol() const noexcept { return highest_protocol_; }
  const std::vector<Concern>& concerns() const noexcept { return concerns_; }
  /// Of byte strings that are held; at most 10,000 and 16 MiB.
  const std::vector<Nested>& nested() const noexcept { return nested_; }
  /// Bytes that a call in the pickle loads as a file of torch, by offset; at most 100,000.
  const std::vector<Buffer>& loaded() const noexcept { return loaded_; }
  bool leaves_out_nested() const noexcept { return leaves_out_nested_; }
  /// Whether it gave up on a name that is a text, but none that a pickler writes for a name: no
  /// chance, as it may be in bytes that are no pickle.
  bool hides_name() const noexcept { return hides_name_; }
  const Extensions* known_extensions() const noexcept { return known_extensions_; }
  /// Offsets of EXT opcodes, whose symbols only the loading process knows; at most 100.
  const std::vector<std::uint64_t>& extensions() const noexcept { return extensions_; }

 private:
  friend class Interpreter<Machine, Abstract, no_value>;
  using Values = Abstracts;

  static Shape shape_of(const Abstract& value) { return value.shape; }
  static Abstract of(Shape shape) { return {shape, Trait::none, 0}; }

  // As the interpreter calls them.
  Abstract on_literal(const Token& token);
  Abstract on_text(const Token& token);
  Abstract on_bytes(const Token& token);
  Abstract on_container(const Token& token, Shape shape, Items form, Values items);
  void on_items(const Token& token, const Abstract& target, Items form, Values items);
  Abstract on_call(const Token& token, const Abstract& callable, const Abstract& arguments);
  Abstract on_state(const Token& token, const Abstract& object, const Abstract& state);
  Abstract on_persistent(const Token& token, Values id);
  Abstract on_extension(const Token& token);
  Abstract on_symbol(const Token& token, std::string_view module, std::string_view name);
  Abstract on_stack_symbol(const Token& token, const Abstract& module, const Abstract& name);
  void on_protocol(int protocol);
  Abstract on_get(const Token& token, const Abstract& value);
  static Abstract on_dup(const Token&, const Abstract& value) { return aged(value); }
  void on_put(const Token& token, std::uint64_t index, const Abstract& value);
  void on_dispute(const Token& token) { add_concern(Concern::Kind::disputed_number, token); }
  void on_frame(const Token& token);
  void on_result(const Abstract& value);

  void use(const Token& token, const Abstract& value);
  void use(const Token& token, Values items);
  bool is_plain_state(const Abstract& object, const Abstract& state) const;
  bool is_made_text(const Abstract& callable, std::optional<Values> given) const;
  bool loads(const Abstract& bytes);
  void release_wrapped(const Abstract& object, const Abstract& state);
  bool makes_array(const Abstract& type);
  bool is_layer(const Abstract& value) const;
  static Abstract aged(Abstract value);
  void keep(std::uint32_t symbol);
  void release(std::uint32_t symbol);
  void keep_all();
  void keep_again(const Abstract& tuple);
  bool take_apart(const Abstract& tuple);
  std::optional<Abstract> named_module(Values id);
  void keep_nested(const Token& token);
  void judge_text(const Token& token, std::string_view text);
  void judge_dtype(const Token& token, const Abstract& dtype, const Abstract& state);
  std::optional<Abstract> follow(const Token& token, const Abstract& callable,
                                 const Abstract& arguments);
  std::optional<Abstract> follow_many(Effect effect, const Abstract& maker, Values items);
  Abstract make_dtype(Values items) const;
  bool is_made(const Abstract& value);
  bool is_called(const Abstract& value);
  bool may_be_called(const Abstract& value);
  bool reconstructs(Values items);
  bool makes_generator(Values items);
  bool rebuilds(Values items);
  std::optional<Abstract> look_up(const Token& token, Values items);
  std::optional<Abstract> import_module(const Token& token, Values items);
  void add_concern(Concern::Kind kind, const Token& token,
                   std::optional<std::uint32_t> symbol = std::nullopt);
  std::string_view text_of(const Abstract& value) const;
  std::optional<std::uint32_t> number_of(std::string_view module, std::string_view name,
                                         std::uint64_t offset);
  Abstract add_symbol(SymbolPush push, std::string_view module, std::string_view name);
  template <typename Item>
  bool is_full(const std::vector<Item>& items) const;
  std::string too_many(std::string_view what) const;

  Detail detail_;
  const Extensions* known_extensions_;
  int highest_protocol_ = 0;

  TextTable texts_;
  std::vector<TextPush> text_pushes_;
  std::vector<MetSymbol> symbols_;
  // Ordered, not hashed: its keys come from outside and could be made to collide.
  std::map<std::string, std::uint32_t> symbol_numbers_;  // "module\nname"
  std::vector<SymbolPush> pushes_;
  std::vector<Frame> frames_;
  std::vector<Buffer> buffers_;
  std::vector<std::uint64_t> extensions_;
  std::vector<Concern> concerns_;
  std::vector<Nested> nested_;
  std::vector<Buffer> loaded_;
  Buffer last_bytes_;               // where the latest byte string stands
  std::uint32_t bytes_number_ = 0;  // and its number
  std::uint64_t nested_bytes_ = 0;
  bool leaves_out_nested_ = false;
  Recent recent_;
  std::uint64_t symbol_bytes_ = 0;
  std::uint32_t dtype_number_ = 0;
  bool follows_memo_ = false;  // the pickle before in this stream left one
  bool is_shifted_ = false;    // so MEMOIZE has put where another reader would not
  bool hides_name_ = false;
  bool keeps_all_ = false;            // of symbols: a tuple with some was lost sight of
  std::vector<std::uint32_t> taken_;  // symbols that the call at hand needs and does not keep
  std::string scratch_;
};

// Made in machine.cpp alone, where its steps and what they call become one.
extern template class Interpreter<Machine, Abstract, no_value>;

}  // namespace brine::pickle
