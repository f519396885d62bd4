// Values: what a program in C++ puts into a checkpoint that Python loads, and gets out of one.
//
//   brine::Value state = brine::Value::dict({
//       {"epoch", 3},
//       {"weights", brine::Value::array(std::span(weights), {rows, columns})},
//   });
//   brine::encode(state, sink);
//   brine::Value back = brine::decode(source);
//   std::span<const float> w = back["weights"].array<float>();
//
// A Value is a handle, as a name is in Python: copies lead to the same object, an object that two
// others hold is written once and read back as one, and an object may hold itself. Numbers, bool
// and none stand in the handle itself.
//
// Values of any depth are written, read, compared and destroyed without recursion. The last handle
// frees an object; where objects hold each other, dropping a handle to one of them costs a walk
// over what it holds.
//
// Thread-safety: as std::shared_ptr while nobody changes an object; objects that hold themselves
// belong to one thread at a time.
#pragma once

#include <bit>
#include <complex>
#include <concepts>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "brine/bytes.hpp"
#include "brine/error.hpp"
#include "brine/limits.hpp"
#include "brine/pickle.hpp"

namespace brine {

namespace value {
struct Node;
struct Access;
}  // namespace value

class Place;

/// What a value is, by the class that Python gives it.
enum class Kind : std::uint8_t {
  none,
  boolean,
  integer,  ///< of any size
  real,
  text,
  bytes,
  byte_array,
  list,
  tuple,
  dict,
  set,
  frozen_set,
  array,     ///< of numpy
  symbol,    ///< a class or function, by its name
  instance,  ///< what a callable makes of its arguments; nothing calls it here
};

/// Returns the name that Python has for it: `int`, `str`, `bytearray`...
BRINE_API std::string_view to_string(Kind kind) noexcept;

/// How the elements of an array lie in memory: the last index runs fastest, or the first.
enum class Order : std::uint8_t { rows, columns };

/// Extents of an array; empty: a single element.
using Shape = std::vector<std::uint64_t>;

/// An array as it is. Lifetime: that of the object it was asked of.
struct ArrayView {
  std::string_view dtype;  ///< as numpy's array protocol spells it: `<f4`, `|u1`, `<U12`
  std::span<const std::uint64_t> shape;
  Order order = Order::rows;
  ByteView data;
};

/// How an instance is made when Python loads it.
enum class Form : std::uint8_t {
  call,    ///< callable(*arguments)
  new_,    ///< callable.__new__(callable, *arguments)
  new_ex,  ///< the same with a tuple of arguments and a dict of keywords; protocols 4 and 5
};

/// Returns the code of numpy for elements of type T in this machine's byte order.
template <typename T>
constexpr std::string_view dtype_of() {
  constexpr bool is_little = std::endian::native == std::endian::little;
  constexpr auto pick = [](std::string_view little, std::string_view big) {
    return is_little ? little : big;
  };
  constexpr std::string_view integers[] = {"|i1|u1", pick("<i2<u2", ">i2>u2"),
                                           pick("<i4<u4", ">i4>u4"), pick("<i8<u8", ">i8>u8")};
  if constexpr (std::same_as<T, bool>) {
    return "|b1";
  } else if constexpr (std::integral<T>) {
    return integers[std::bit_width(sizeof(T)) - 1].substr(std::is_signed_v<T> ? 0 : 3, 3);
  } else if constexpr (std::same_as<T, float>) {
    return pick("<f4", ">f4");
  } else if constexpr (std::same_as<T, double>) {
    return pick("<f8", ">f8");
  } else if constexpr (std::same_as<T, std::complex<float>>) {
    return pick("<c8", ">c8");
  } else {
    static_assert(std::same_as<T, std::complex<double>>, "numpy has no code for this type");
    return pick("<c16", ">c16");
  }
}

template <typename T>
concept Integer = std::integral<T> && !std::same_as<T, bool> && !std::same_as<T, char> &&
                  !std::same_as<T, wchar_t> && !std::same_as<T, char8_t> &&
                  !std::same_as<T, char16_t> && !std::same_as<T, char32_t>;

class BRINE_API Value {
 public:
  using Pair = std::pair<Value, Value>;

  // Making. Everything that holds others is an object; so are texts, bytes and integers of more
  // than 64 bits.

  /// None.
  Value() noexcept {}
  template <std::same_as<bool> T>
  Value(T flag) noexcept : kind_(Kind::boolean) {
    content_.flag = flag;
  }
  template <Integer T>
  Value(T number)
      : Value(std::is_signed_v<T> || static_cast<std::uint64_t>(number) >> 63 == 0
                  ? small(static_cast<std::int64_t>(number))
                  : large(static_cast<std::uint64_t>(number))) {}
  template <std::floating_point T>
  Value(T number) noexcept : kind_(Kind::real) {
    content_.real = static_cast<double>(number);
  }
  /// A text in UTF-8, which encode() checks.
  Value(std::string_view text);
  Value(const std::string& text) : Value(std::string_view(text)) {}
  Value(const char* text) : Value(std::string_view(text)) {}

  static Value bytes(ByteView bytes);
  static Value byte_array(ByteView bytes);
  /// An integer of any size: two's complement, least significant byte first.
  static Value integer(ByteView twos_complement);
  static Value list(std::vector<Value> items = {});
  static Value tuple(std::vector<Value> items = {});
  /// Sets keep the order in which they are given. That each value has a hash in Python, and comes
  /// once, is the caller's matter.
  static Value set(std::vector<Value> items = {});
  static Value frozen_set(std::vector<Value> items = {});
  /// A dict in this order. Of equal keys that are texts or integers the last one counts.
  static Value dict(std::vector<Pair> pairs = {});
  static Value symbol(std::string module, std::string name);
  /// Requires: `callable` is a symbol or an instance, `arguments` is a tuple. State and items:
  /// set_state(), append(), set(). Throws: usage.
  static Value instance(Value callable, Value arguments, Form form = Form::new_);

  /// An array that borrows its elements: they are read when the value is encoded, and never copied.
  /// Lifetime: `elements` must outlive every handle to the array.
  /// Throws: usage where shape and number of elements disagree.
  template <typename T, std::size_t N>
  static Value array(std::span<T, N> elements, Shape shape, Order order = Order::rows) {
    return array(dtype_of<std::remove_cv_t<T>>(), std::move(shape), std::as_bytes(elements),
                 nullptr, order);
  }
  /// An array that takes over its elements.
  template <typename T>
  static Value array(std::vector<T>&& elements, Shape shape, Order order = Order::rows) {
    auto kept = std::make_shared<const std::vector<T>>(std::move(elements));
    const ByteView data = std::as_bytes(std::span<const T>(*kept));
    return array(dtype_of<T>(), std::move(shape), data, std::move(kept), order);
  }
  /// An array of any plain dtype: b, i, u, f, c, S, U or V with its width in bytes (of U: in
  /// characters) and `<`, `>` or `|` in front. `keeper` lives as long as the array; null: borrowed.
  /// Throws: usage.
  static Value array(std::string_view dtype, Shape shape, ByteView data,
                     std::shared_ptr<const void> keeper, Order order = Order::rows);

  Value(const Value& other) noexcept;
  Value(Value&& other) noexcept;
  Value& operator=(const Value& other) noexcept;
  Value& operator=(Value&& other) noexcept;
  ~Value();

  // Asking. A question that the kind has no answer to throws usage; the sentence names both kinds.

  Kind kind() const noexcept { return kind_; }
  bool is(Kind kind) const noexcept { return kind_ == kind; }
  bool is_none() const noexcept { return kind_ == Kind::none; }

  bool boolean() const;
  /// Throws: usage, also where it does not fit.
  std::int64_t integer() const;
  /// Any integer, in as few bytes as it takes; see integer(ByteView).
  Bytes integer_bytes() const;
  /// Of an integer too that fits into 64 bits, rounded.
  double real() const;
  /// Lifetime: this and all views below are those of the object.
  std::string_view text() const;
  /// Of bytes and byte arrays.
  ByteView bytes() const;
  const Symbol& symbol() const;
  ArrayView array_view() const;
  /// The elements of an array of exactly this type, as they lie in memory.
  /// Throws: usage, also where borrowed elements are not aligned.
  template <typename T>
  std::span<const T> array() const {
    const ByteView data = elements(dtype_of<T>(), alignof(T));
    return {reinterpret_cast<const T*>(data.data()), data.size() / sizeof(T)};
  }

  /// Items or pairs of what holds others; elements of an array along its first extent; bytes.
  std::size_t size() const;
  /// Of lists, tuples, sets, and of instances that are filled by append or add. Lifetime: until the
  /// object is changed.
  std::span<const Value> items() const;
  /// Of dicts, and of instances that are filled as one.
  std::span<const Pair> pairs() const;
  /// The value of a text or an integer in a dict or an instance's pairs or, failing that, in its
  /// state; null where there is none.
  const Value* find(std::string_view key) const;
  const Value* find(std::int64_t key) const;
  /// Goes down by key, or by position in what has items. Throws: usage, naming a near miss.
  /// Lifetime: until the object is changed; a Place owns nothing.
  Place operator[](std::string_view key) const;
  Place operator[](std::int64_t key) const;

  // Of an instance.
  const Value& callable() const;
  const Value& arguments() const;
  Form form() const;
  /// Null: it has none.
  const Value* state() const;

  /// Whether both lead to one object. Numbers, bool and none are no objects.
  bool same_object(const Value& other) const noexcept;
  /// The address of the object; null: it is none.
  const void* identity() const noexcept { return is_counted_ ? content_.node : nullptr; }

  /// Equal kinds and contents, in the same order; NaN equals itself. What is shared does not count.
  friend BRINE_API bool operator==(const Value& a, const Value& b);

  // Changing an object, for all who hold it. Throws: usage.

  /// Of lists, sets and instances.
  void append(Value item);
  /// Of dicts and instances; in place where a text or an integer is there already.
  void set(Value key, Value item);
  /// What __setstate__ gets, or else the attributes, as a dict.
  void set_state(Value state);

 private:
  friend struct value::Access;
  static Value small(std::int64_t number) noexcept;
  static Value large(std::uint64_t number);
  ByteView elements(std::string_view dtype, std::size_t alignment) const;

  union Content {
    bool flag;
    std::int64_t integer = 0;
    double real;
    value::Node* node;
  };
  Content content_ = {};
  Kind kind_ = Kind::none;
  bool is_counted_ = false;  // content_.node is meant
};

/// Where a lookup has led: a value and the path to it, which goes in front of what is thrown.
/// Lifetime: that of the object it was found in, until it is changed.
class BRINE_API Place {
 public:
  Place(const Value& value, std::string path) : value_(&value), path_(std::move(path)) {}

  const Value& value() const noexcept { return *value_; }
  operator const Value&() const noexcept { return *value_; }
  const Value* operator->() const noexcept { return value_; }
  /// As in `model.layers[3].weight`.
  const std::string& path() const noexcept { return path_; }

  Place operator[](std::string_view key) const;
  Place operator[](std::int64_t key) const;

  Kind kind() const noexcept { return value_->kind(); }
  bool boolean() const;
  std::int64_t integer() const;
  double real() const;
  std::string_view text() const;
  ByteView bytes() const;
  const Symbol& symbol() const;
  ArrayView array_view() const;
  std::size_t size() const;
  std::span<const Value> items() const;
  std::span<const Value::Pair> pairs() const;
  template <typename T>
  std::span<const T> array() const {
    return in_context(path_, [&] { return value_->template array<T>(); });
  }

 private:
  const Value* value_;
  std::string path_;
};

struct EncodeOptions {
  /// 2 to 5. Python before 3.8 reads up to 4, before 3.4 up to 3, and Python 2 reads 2.
  int protocol = 5;
};

/// Writes `value` as one pickle, as CPython's pickler would. Large buffers go from where they are
/// to `sink`; besides them, memory is that of the memo.
/// Throws: usage, with the path, for a text that is not UTF-8 and for what the protocol has no form
/// for; what `sink` throws.
BRINE_API void encode(const Value& value, Sink& sink, const EncodeOptions& options = {});
BRINE_API Bytes encode(const Value& value, const EncodeOptions& options = {});

/// Reads the one pickle that `source` holds, and executes nothing. Symbols have the names of
/// Python 3. Arrays of plain dtypes own their elements; whatever else a pickle makes is an
/// instance. Texts of Python 2 that are not ASCII come as bytes. Throws: corrupt for what is no
/// whole pickle; unsupported for buffers beside the pickle, persistent ids and extensions; limit;
/// what `source` throws.
BRINE_API Value decode(const RandomSource& source, const Limits& limits = {});
BRINE_API Value decode(ByteView pickle, const Limits& limits = {});

}  // namespace brine
