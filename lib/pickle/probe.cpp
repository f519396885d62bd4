#include "pickle/probe.hpp"

#include <algorithm>
#include <iterator>
#include <string>

#include "pickle/interpreter.hpp"
#include "pickle/literal.hpp"
#include "pickle/token.hpp"

namespace brine::pickle {
namespace {

constexpr std::size_t smallest_pickle = 5;  // a symbol of two letters and STOP
constexpr std::size_t longest_zone = 4096;  // of a path, and what stands around it

// Ends at the first symbol. Bytes that are none by chance hardly ever hold one: it takes a line
// feed behind each of two names, or two texts.
class SymbolFinder final : public TokenSink {
 public:
  bool on_token(const Token& token) override {
    const Op op = token.code->op;
    if (op == Op::global || op == Op::inst) found_ = has_plain_names(text_of(token.argument));
    const bool is_code = op == Op::ext1 || op == Op::ext2 || op == Op::ext4;
    if (op == Op::stack_global || is_code) found_ = texts_ >= 2;
    if (is_text(op)) ++texts_;
    return !found_;
  }
  bool found() const noexcept { return found_; }

 private:
  static bool is_text(Op op) {
    constexpr Op texts[] = {Op::string,           Op::binstring,  Op::short_binstring, Op::unicode,
                            Op::short_binunicode, Op::binunicode, Op::binunicode8};
    return std::find(std::begin(texts), std::end(texts), op) != std::end(texts);
  }
  static bool has_plain_names(std::string_view lines) {
    const std::size_t newline = std::min(lines.find('\n'), lines.size());
    const std::string_view name = lines.substr(std::min(newline + 1, lines.size()));
    return is_plain_name(lines.substr(0, newline)) && is_plain_name(name);
  }

  bool found_ = false;
  std::size_t texts_ = 0;
};

}  // namespace

bool may_be_pickle(ByteView content) {
  if (content.size() < smallest_pickle) return false;
  const auto front = static_cast<Op>(content[0]);
  if (front == Op::proto) return std::to_integer<int>(content[1]) <= highest_known_protocol;
  SymbolFinder finder;
  TokenReader reader(finder, 0, {});
  reader.feed(content);
  return finder.found();
}

// numpy's own texts have zeros beside each letter.
bool may_name_zone(std::string_view content) {
  constexpr std::string_view prefix = "dateutil/";
  constexpr std::size_t widest_letter = 4;
  const std::size_t front = content.find_first_not_of('\0');
  if (front >= widest_letter || (content[front] != 'd' && content[front] != 'M')) return false;
  std::string text(content.substr(0, longest_zone));
  text.erase(std::remove(text.begin(), text.end(), '\0'), text.end());
  if (text.starts_with(prefix)) return true;
  const bool is_dtype = text.starts_with("datetime64[") || text.starts_with("M8[");
  return is_dtype && text.find(prefix) != text.npos;
}

}  // namespace brine::pickle
