// The symbolic machine: what a pickle would do, without doing any of it.
//
// It keeps CPython's stack, marks and memo with abstract values in place of objects, and so learns
// which symbols are pushed, and which text pushes are module and class names and nothing else.
// It does not build the object graph: memory is that of stack and memo at 8 bytes a value, plus
// the distinct short texts. It accepts what the C unpickler accepts, up to what only the objects
// themselves can decide; what it cannot follow (a name that is computed) it gives up on.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "brine/pickle.hpp"
#include "pickle/memo.hpp"
#include "pickle/texts.hpp"
#include "pickle/token.hpp"

namespace brine::pickle {

/// How a symbol is pushed.
enum class Form : std::uint8_t { global, inst, stack_global };

/// A symbol and where it was first met.
struct MetSymbol {
  Symbol symbol;
  std::uint64_t count = 0;
  std::uint64_t offset = 0;  ///< in the payload, of the first push
  int protocol = 0;          ///< in force there
};

/// A push of a text that may be a name, see is_plain_name().
struct TextPush {
  std::uint64_t offset = 0;     ///< of the opcode
  std::uint32_t text = 0;       ///< in the TextTable
  std::uint16_t bytes = 0;      ///< opcode and argument
  Op op{};
  bool is_data = false;         ///< it also ends up in the object graph
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

/// How much a machine writes down.
enum class Detail : std::uint8_t {
  symbols,  ///< distinct symbols with counts, buffers
  pushes,   ///< besides, every push of a symbol and every frame: what an edit needs
};

/// Runs over the tokens of one pickle after another; its symbols add up. begin() before each.
class Machine final : public TokenSink {
 public:
  explicit Machine(Detail detail, const Limits& limits = {});

  /// Forgets stack, marks, memo and protocol: a new pickle begins.
  void begin();

  std::string on_token(const Token& token) override;

  const std::vector<MetSymbol>& symbols() const noexcept { return symbols_; }
  const std::vector<Buffer>& buffers() const noexcept { return buffers_; }
  const std::vector<SymbolPush>& pushes() const noexcept { return pushes_; }
  const std::vector<TextPush>& text_pushes() const noexcept { return text_pushes_; }
  const std::vector<Frame>& frames() const noexcept { return frames_; }
  std::string_view text(const TextPush& push) const { return texts_.text(push.text); }

  /// Highest PROTO seen in any pickle; 0 where there was none.
  int protocol() const noexcept { return highest_protocol_; }
  /// Offsets of EXT opcodes, whose symbols only the loading process knows; at most 100.
  const std::vector<std::uint64_t>& extensions() const noexcept { return extensions_; }

 private:
  enum class Kind : std::uint8_t {
    unset,     // a hole in the memo
    other,     // an object of no interest here
    plain,     // a number, None, bytes, a container: certainly no text and no class
    text,      // ref: a push in text_pushes_, or under Detail::symbols a number in texts_
    far_text,  // a text that is no plain name
    lost_text,  // a text that the limits did not let us keep
    symbol,    // ref: index into symbols_
  };
  struct Value {
    Kind kind;
    std::uint32_t ref;
    friend bool operator==(const Value&, const Value&) = default;
  };

  using Memory = Memo<Value, Value{Kind::unset, 0}>;
  using Handler = std::string (Machine::*)(const Token&);
  struct Handlers;

  // One per kind of opcode, see the table in machine.cpp.
  std::string on_literal(const Token& token);
  std::string on_text(const Token& token);
  std::string on_buffer(const Token& token);
  std::string on_stack(const Token& token);
  std::string on_gather(const Token& token);
  std::string on_append(const Token& token);
  std::string on_object(const Token& token);
  std::string on_memo(const Token& token);
  std::string on_protocol(const Token& token);
  std::string on_extension(const Token& token);
  std::string on_global(const Token& token);
  std::string on_stack_global(const Token& token);

  bool has(std::size_t count) const { return stack_.size() >= fence() + count; }
  std::size_t fence() const { return marks_.empty() ? 0 : marks_.back(); }
  std::string push(Kind kind, std::uint32_t ref = 0);
  bool is_at_depth_limit() const {
    return stack_.size() + marks_.size() >= limits_.max_stack_depth;
  }
  std::string too_deep() const;
  std::string use(std::size_t count);
  std::string use_to_mark(const Token& token);
  void use(const Value& value);
  std::string_view text_of(const Value& value) const;
  std::string add_symbol(SymbolPush push, std::string_view module, std::string_view name);
  std::string put(std::uint64_t index);
  std::string get(std::uint64_t index);
  template <typename Item>
  bool is_full(const std::vector<Item>& items) const;
  std::string too_many(std::string_view what) const;

  Limits limits_;
  Detail detail_;
  std::vector<Value> stack_;
  std::vector<std::size_t> marks_;
  Memory memo_;
  int protocol_ = 0;
  int highest_protocol_ = 0;

  TextTable texts_;
  std::vector<TextPush> text_pushes_;
  std::vector<MetSymbol> symbols_;
  // Ordered, not hashed: the keys come from outside and could be made to collide.
  // Ordered, not hashed: its keys come from outside and could be made to collide.
  std::map<std::string, std::uint32_t> symbol_numbers_;  // "module\nname"
  std::vector<SymbolPush> pushes_;
  std::vector<Frame> frames_;
  std::vector<Buffer> buffers_;
  std::vector<std::uint64_t> extensions_;
};

}  // namespace brine::pickle
