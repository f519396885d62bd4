#include "tensor/ubjson.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/arithmetic.hpp"
#include "tensor/path.hpp"

namespace brine::tensor {
namespace {

constexpr std::size_t piece_bytes = 64U << 10;
constexpr std::uint64_t longest_key = 256;
constexpr std::size_t deepest = 64;

struct Type {
  char letter;
  std::string_view dtype;
  unsigned bytes;
};

constexpr Type types[] = {
    {'i', "int8", 1},
    {'U', "uint8", 1},
    {'I', "int16, big-endian", 2},
    {'l', "int32, big-endian", 4},
    {'L', "int64, big-endian", 8},
    {'d', "float32, big-endian", 4},
    {'D', "float64, big-endian", 8},
};

const Type* type_of(char letter) {
  const auto* const row = std::find_if(std::begin(types), std::end(types),
                                       [&](const Type& type) { return type.letter == letter; });
  return row == std::end(types) ? nullptr : row;
}

// Reads forward, in pieces. What is asked for behind the end is not there: then all of it is no
// UBJSON.
class Forward {
 public:
  Forward(const RandomSource& source, std::uint64_t offset, std::uint64_t bytes)
      : source_(source), at_(offset), end_(offset + bytes) {}

  std::uint64_t at() const noexcept { return at_; }
  std::uint64_t left() const noexcept { return end_ - at_; }
  bool holds() const noexcept { return holds_; }

  char letter() {
    const std::string_view one = take(1);
    return one.empty() ? '\0' : one[0];
  }
  std::uint64_t number() {
    std::uint64_t value = 0;
    for (const char c : take(8)) value = value << 8 | static_cast<unsigned char>(c);
    return value;
  }
  std::string text(std::uint64_t bytes) {
    if (bytes > longest_key) return fail(), std::string();
    return std::string(take(static_cast<std::size_t>(bytes)));
  }
  void skip(std::uint64_t bytes) {
    if (bytes > left()) return fail();
    at_ += bytes;
  }
  void fail() { holds_ = false; }

 private:
  std::string_view take(std::size_t count) {
    if (count > left()) return fail(), std::string_view();
    if (at_ < begin_ || at_ + count > begin_ + held_.size()) {
      begin_ = at_;
      held_.resize(static_cast<std::size_t>(std::min<std::uint64_t>(piece_bytes, left())));
      source_.read_at(begin_, held_);
    }
    const auto place = static_cast<std::size_t>(at_ - begin_);
    at_ += count;
    return text_of(ByteView(held_).subspan(place, count));
  }

  const RandomSource& source_;
  std::uint64_t at_;
  std::uint64_t end_;
  Bytes held_;
  std::uint64_t begin_ = 0;  // of held_
  bool holds_ = true;
};

class Parser {
 public:
  Parser(const RandomSource& source, std::uint64_t offset, std::uint64_t bytes,
         const Limits& limits)
      : in_(source, offset, bytes), limits_(limits) {}

  std::optional<std::vector<TensorInfo>> run() {
    value("");
    while (in_.holds() && !open_.empty()) next();
    if (!in_.holds() || in_.left() > 0) return std::nullopt;
    return std::move(found_);
  }

 private:
  // An object, or an array of `left` more values.
  struct Open {
    std::string path;
    bool is_array = false;
    std::uint64_t left = 0;
    std::uint64_t position = 0;
  };

  void next() {
    Open& top = open_.back();
    if (top.is_array) {
      if (top.left-- == 0) return open_.pop_back();
      return value(fmt::format("{}[{}]", top.path, top.position++));
    }
    const char letter = in_.letter();
    if (letter == '}') return open_.pop_back();
    if (letter != 'L') return in_.fail();
    const std::string key = in_.text(in_.number());
    value(joined(top.path, spelled_name(key)));
  }

  void value(std::string path) {
    const char letter = in_.letter();
    if (letter == '{' || letter == '[') return open(letter, std::move(path));
    if (letter == 'T' || letter == 'F' || letter == 'Z') return;
    if (letter == 'S') {
      if (in_.letter() != 'L') return in_.fail();
      return in_.skip(in_.number());
    }
    const Type* const type = type_of(letter == 'C' ? 'U' : letter);
    if (type == nullptr) return in_.fail();
    in_.skip(type->bytes);
  }

  void open(char letter, std::string path) {
    if (open_.size() >= deepest) return in_.fail();
    if (letter == '{') return open_.push_back({std::move(path)});
    char next = in_.letter();
    const Type* type = nullptr;
    if (next == '$') {
      type = type_of(in_.letter());
      if (type == nullptr) return in_.fail();
      next = in_.letter();
    }
    if (next != '#' || in_.letter() != 'L') return in_.fail();
    const std::uint64_t count = in_.number();
    // A value takes one byte at least.
    if (count > in_.left()) return in_.fail();
    if (type == nullptr) return open_.push_back({std::move(path), true, count});
    add(*type, count, std::move(path));
  }

  void add(const Type& type, std::uint64_t count, std::string path) {
    const std::uint64_t bytes = count * type.bytes;
    const std::uint64_t begin = in_.at();
    in_.skip(bytes);
    if (count == 0 || !in_.holds()) return;
    text_bytes_ += sizeof(TensorInfo) + path.size() + type.dtype.size() + sizeof(std::uint64_t);
    base::require_within(text_bytes_, limits_.max_text_bytes, "max_text_bytes");
    found_.push_back({.path = std::move(path),
                      .dtype = std::string(type.dtype),
                      .shape = {count},
                      .offset = begin,
                      .bytes = bytes});
  }

  Forward in_;
  const Limits& limits_;
  std::vector<Open> open_;
  std::vector<TensorInfo> found_;
  std::uint64_t text_bytes_ = 0;
};

}  // namespace

std::optional<std::vector<TensorInfo>> list_ubjson(const RandomSource& source, std::uint64_t offset,
                                                   std::uint64_t bytes, const Limits& limits) {
  return Parser(source, offset, bytes, limits).run();
}

}  // namespace brine::tensor
