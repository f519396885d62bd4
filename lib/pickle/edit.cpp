#include "pickle/edit.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/arithmetic.hpp"
#include "base/text.hpp"
#include "brine/error.hpp"
#include "pickle/literal.hpp"

namespace brine::pickle {
namespace {

std::string number(std::uint64_t value, std::size_t width) {
  std::array<std::byte, 8> bytes{};
  base::put_little_endian(bytes.data(), value, width);
  return std::string(text_of(ByteView(bytes).first(width)));
}

std::string opcode(Op op) { return std::string(1, static_cast<char>(op)); }

// Every reader of protocol 1 and later knows BINUNICODE, the short form came with protocol 4.
std::string text_push(std::string_view text, Op like) {
  const bool is_short = text.size() < 256 && like == Op::short_binunicode;
  return is_short ? opcode(Op::short_binunicode) + number(text.size(), 1) + std::string(text)
                  : opcode(Op::binunicode) + number(text.size(), 4) + std::string(text);
}

// What the machine reads back as a name.
bool is_writable(std::string_view name) {
  return is_plain_name(name) && is_utf8(name, Surrogates::refused);
}

bool is_dotted(const Symbol& symbol) { return symbol.name.find('.') != std::string::npos; }

// Works out the edits of one payload.
class Renamer {
 public:
  Renamer(const Machine& machine, const NewName& new_name)
      : machine_(machine), wanted_(machine.text_pushes().size()) {
    for (const MetSymbol& met : machine.symbols()) names_.push_back(new_name(met.symbol));
  }

  std::vector<Edit> run() {
    for (const SymbolPush& push : machine_.pushes()) want(push);
    for (std::size_t i = 0; i < wanted_.size(); ++i) replace_text(i);
    for (const SymbolPush& push : machine_.pushes()) replace_symbol(push);
    const auto by_offset = [](const Edit& a, const Edit& b) { return a.offset < b.offset; };
    std::sort(edits_.begin(), edits_.end(), by_offset);
    if (!edits_.empty()) check_frames();
    cut_frames();
    std::sort(edits_.begin(), edits_.end(), by_offset);
    return std::move(edits_);
  }

 private:
  // What the uses of one text push want it to be.
  struct Wanted {
    const std::string* text = nullptr;  // null: no STACK_GLOBAL uses it
    bool agreed = true;
  };

  const Symbol& target(const SymbolPush& push) const {
    const auto& name = names_[push.symbol];
    return name ? *name : machine_.symbols()[push.symbol].symbol;
  }

  void want(const SymbolPush& push) {
    if (push.form != Form::stack_global) return;
    want(push.module_push, target(push).module);
    want(push.name_push, target(push).name);
  }

  void want(std::uint32_t text, const std::string& value) {
    Wanted& wanted = wanted_[text];
    if (wanted.text != nullptr && *wanted.text != value) wanted.agreed = false;
    wanted.text = &value;
  }

  bool is_replaceable(std::size_t text) const {
    return wanted_[text].text != nullptr && wanted_[text].agreed &&
           !machine_.text_pushes()[text].is_data;
  }

  // What is on the stack where text push `text` is used, after replace_text().
  std::string_view becomes(std::uint32_t text) const {
    return is_replaceable(text) ? *wanted_[text].text
                                : machine_.text(machine_.text_pushes()[text]);
  }

  void replace_text(std::size_t text) {
    const TextPush& push = machine_.text_pushes()[text];
    if (!is_replaceable(text) || *wanted_[text].text == machine_.text(push)) return;
    edits_.push_back({push.offset, push.bytes, text_push(*wanted_[text].text, push.op)});
  }

  void replace_symbol(const SymbolPush& push) {
    const Symbol& to = target(push);
    const bool is_renamed = to != machine_.symbols()[push.symbol].symbol;
    if (is_renamed) check_writable(push, to);
    if (push.form != Form::stack_global) {
      if (!is_renamed) return;
      edits_.push_back({push.offset + 1, push.end - push.offset - 1,
                        fmt::format("{}\n{}\n", to.module, to.name)});
      return;
    }
    const bool module_differs = becomes(push.module_push) != to.module;
    const bool name_differs = becomes(push.name_push) != to.name;
    if (module_differs) {
      edits_.push_back({push.offset, 0, opcode(Op::pop) + opcode(Op::pop) +
                                            text_push(to.module, Op::short_binunicode) +
                                            text_push(to.name, Op::short_binunicode)});
    } else if (name_differs) {
      edits_.push_back({push.offset, 0,
                        opcode(Op::pop) + text_push(to.name, Op::short_binunicode)});
    }
  }

  void check_writable(const SymbolPush& push, const Symbol& to) const {
    if (!is_writable(to.module) || !is_writable(to.name)) {
      throw Error(Errc::migration,
                  fmt::format("'{}:{}' cannot be written at byte {}: it is no plain name",
                              base::printable(to.module), base::printable(to.name), push.offset));
    }
    const bool was_dotted = is_dotted(machine_.symbols()[push.symbol].symbol);
    if (push.protocol >= 4 || was_dotted || !is_dotted(to)) return;
    throw Error(Errc::migration,
                fmt::format("{}:{} cannot be written at byte {}: readers look up a dotted name "
                            "from protocol 4 on, the pickle has protocol {}",
                            to.module, to.name, push.offset, push.protocol));
  }

  void check_frames() const {
    const auto is_breach = [](const Concern& concern) {
      return concern.kind == Concern::Kind::nested_frames ||
             concern.kind == Concern::Kind::unfinished_frame;
    };
    const auto& concerns = machine_.concerns();
    const auto breach = std::find_if(concerns.begin(), concerns.end(), is_breach);
    if (breach == concerns.end()) return;
    throw Error(Errc::migration, fmt::format("at byte {} a frame is not as picklers write it: what "
                                             "is in it cannot be renamed",
                                             breach->offset));
  }

  // Frames keep what they frame; their lengths follow the edits inside.
  void cut_frames() {
    const std::vector<Edit> inside = edits_;
    auto edit = inside.begin();
    for (const Frame& frame : machine_.frames()) {
      std::uint64_t length = frame.end - frame.begin;
      while (edit != inside.end() && edit->offset < frame.begin) ++edit;
      bool changed = false;
      for (; edit != inside.end() && edit->offset < frame.end; ++edit) {
        length += edit->inserted.size() - edit->removed;
        changed = true;
      }
      if (changed) edits_.push_back({frame.offset + 1, 8, number(length, 8)});
    }
  }

  const Machine& machine_;
  std::vector<std::optional<Symbol>> names_;  // by symbol
  std::vector<Wanted> wanted_;                // by text push
  std::vector<Edit> edits_;
};

}  // namespace

std::vector<Edit> rename(const Machine& machine, const NewName& new_name) {
  return Renamer(machine, new_name).run();
}

void EditingSink::write(ByteView bytes) {
  while (!bytes.empty()) {
    if (dropping_ == 0) apply_edits_here();
    const std::uint64_t until = dropping_ > 0 ? dropping_
                                : next_edit_ < edits_.size() ? edits_[next_edit_].offset - offset_
                                                             : bytes.size();
    const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(until, bytes.size()));
    if (dropping_ > 0) {
      dropping_ -= count;
    } else if (count > 0) {
      next_.write(bytes.first(count));
    }
    offset_ += count;
    bytes = bytes.subspan(count);
  }
}

void EditingSink::apply_edits_here() {
  while (dropping_ == 0 && next_edit_ < edits_.size() && edits_[next_edit_].offset == offset_) {
    const Edit& edit = edits_[next_edit_++];
    next_.write(bytes_of(edit.inserted));
    dropping_ = edit.removed;
  }
}

void EditingSink::finish() {
  apply_edits_here();
  if (dropping_ > 0 || next_edit_ < edits_.size()) {
    throw Error(Errc::internal,
                fmt::format("an edit lies behind the payload's end at {}", offset_));
  }
}

std::uint64_t edited_bytes(std::uint64_t bytes, const std::vector<Edit>& edits) {
  for (const Edit& edit : edits) bytes += edit.inserted.size() - edit.removed;
  return bytes;
}

}  // namespace brine::pickle
