// What an encoder writes that holds no other values: numbers, texts, bytes, symbols, arrays.
#include <fmt/format.h>

#include <algorithm>

#include "base/arithmetic.hpp"
#include "pickle/encode.hpp"
#include "pickle/forms.hpp"
#include "pickle/latin1.hpp"
#include "pickle/literal.hpp"
#include "pickle/python2.hpp"
#include "value/dtype.hpp"

namespace brine::pickle {
namespace {

constexpr std::uint64_t most_in_4_bytes = 0xffffffff;

// numpy 1 knows `numpy.core` only, and numpy 2 has kept these names of it for old pickles.
const Symbol reconstruct{"numpy.core.multiarray", "_reconstruct"};
const Symbol from_buffer{"numpy.core.numeric", "_frombuffer"};

}  // namespace

void Encoder::write_text(std::string_view text) {
  const auto form = text_form(text.size(), protocol_);
  if (!form) {
    cannot(fmt::format("a text of {} bytes in protocol {}; 4 and 5 can", text.size(), protocol_));
  }
  out_.counted(form->op, bytes_of(text), form->width);
}

void Encoder::write_bytes(ByteView bytes) {
  if (protocol_ < 3) return write_bytes_as_text(bytes);
  const auto form = bytes_form(bytes.size(), protocol_);
  if (!form) {
    cannot(fmt::format("{} bytes at once in protocol {}; 4 and 5 can", bytes.size(), protocol_));
  }
  out_.counted(form->op, bytes, form->width);
}

// Protocol 2 has no bytes: the text whose code points they are is encoded when it is loaded.
void Encoder::write_bytes_as_text(ByteView bytes) {
  if (bytes.empty()) {
    write_symbol({"builtins", "bytes"});
    out_.op(Op::empty_tuple);
    return out_.op(Op::reduce);
  }
  const std::uint64_t size = utf8_bytes(bytes);
  if (size > most_in_4_bytes) {
    cannot(fmt::format("{} bytes at once in protocol 2; 4 and 5 can", bytes.size()));
  }
  write_symbol({"_codecs", "encode"});
  if (bytes.size() == 1) {
    std::string letter;
    struct Kept final : Sink {
      explicit Kept(std::string& to) : text(to) {}
      void write(ByteView more) override { text += text_of(more); }
      std::string& text;
    } kept(letter);
    write_as_utf8(bytes, kept);
    write_shared(Kind::text, letter);
  } else {
    write_as_utf8(bytes, out_.counted_beside(Op::binunicode, size, 4));
    put();
  }
  write_shared(Kind::text, "latin1");
  write_tuple_end(2);
  out_.op(Op::reduce);
}

Symbol Encoder::spelled(const Symbol& symbol) const {
  if (protocol_ > 2) return symbol;
  const auto name = to_python2(symbol);
  if (!name) {
    cannot(fmt::format("the name {}:{} in protocol 2, whose readers look up another one",
                       symbol.module, symbol.name));
  }
  return *name;
}

void Encoder::write_symbol(const Symbol& symbol) {
  out_.boundary();
  if (const auto known = symbols_.find(symbol); known != symbols_.end()) return get(known->second);
  if (symbol.module.empty() || symbol.name.empty()) cannot("a symbol without a name");
  if (protocol_ >= 4) {
    if (!is_plain_name(symbol.module) || !is_plain_name(symbol.name)) {
      cannot("a name that no import spells");
    }
    write_shared(Kind::text, symbol.module);
    write_shared(Kind::text, symbol.name);
    out_.op(Op::stack_global);
  } else {
    const Symbol named = spelled(symbol);
    if (named.name.find('.') != named.name.npos) {
      cannot(fmt::format("the name {}:{} in protocol {}; 4 and 5 can", named.module, named.name,
                         protocol_));
    }
    if ((named.module + named.name).find('\n') != std::string::npos) cannot("a name of two lines");
    out_.op(Op::global);
    out_.put(named.module + '\n' + named.name + '\n');
  }
  symbols_.emplace(symbol, next_);
  put();
}

void Encoder::write_shared(Kind kind, std::string_view content) {
  out_.boundary();
  std::pair<Kind, std::string> key(kind, content);
  if (const auto known = shared_.find(key); known != shared_.end()) return get(known->second);
  kind == Kind::text ? write_text(content) : write_bytes(bytes_of(content));
  shared_.emplace(std::move(key), next_);
  put();
}

// Behind the values of a tuple that no handle leads to.
void Encoder::write_tuple_end(std::size_t count) {
  pickle::write_tuple_end(out_, count);
  if (count > 0) put();
}

void Encoder::save_array(const Value& value) {
  const ArrayView array = value.array_view();
  const bool is_by_rows = array.order == Order::rows;
  if (protocol_ >= 5) {
    write_symbol(from_buffer);
    out_.boundary();
    out_.op(Op::mark);
    out_.boundary();
    out_.counted(Op::bytearray8, array.data, 8);
    put();
    write_dtype(array.dtype);
    write_shape(array.shape);
    write_shared(Kind::text, is_by_rows ? "C" : "F");
    write_tuple_end(4);
    out_.op(Op::reduce);
    return remember(value);
  }
  write_symbol(reconstruct);
  out_.boundary();
  write_symbol({"numpy", "ndarray"});
  out_.boundary();
  write_small_integer(out_, 0);
  write_tuple_end(1);
  write_shared(Kind::bytes, "b");
  write_tuple_end(3);
  out_.op(Op::reduce);
  remember(value);
  out_.boundary();
  out_.op(Op::mark);
  out_.boundary();
  write_small_integer(out_, 1);
  write_shape(array.shape);
  write_dtype(array.dtype);
  out_.boundary();
  out_.op(is_by_rows ? Op::newfalse : Op::newtrue);
  write_array_data(array.data);
  write_tuple_end(5);
  out_.op(Op::build);
}

void Encoder::write_array_data(ByteView data) {
  if (data.empty()) return write_shared(Kind::bytes, "");
  out_.boundary();
  write_bytes(data);
  put();
}

void Encoder::write_shape(std::span<const std::uint64_t> shape) {
  out_.boundary();
  if (shape.size() > 3) out_.op(Op::mark);
  for (const std::uint64_t extent : shape) {
    out_.boundary();
    save_integer(extent);
  }
  write_tuple_end(shape.size());
}

// numpy.dtype(code, False, True) with a state: version, byte order, and of texts and rows the size
// of an element, its alignment and flags.
void Encoder::write_dtype(std::string_view dtype) {
  out_.boundary();
  if (const auto known = dtypes_.find(dtype); known != dtypes_.end()) return get(known->second);
  const auto type = value::parse_dtype(dtype);
  write_symbol({"numpy", "dtype"});
  out_.boundary();
  out_.boundary();
  write_text(type->code);
  put();
  out_.boundary();
  out_.op(Op::newfalse);
  out_.boundary();
  out_.op(Op::newtrue);
  write_tuple_end(3);
  out_.op(Op::reduce);
  dtypes_.emplace(dtype, next_);
  put();
  out_.boundary();
  out_.op(Op::mark);
  out_.boundary();
  write_small_integer(out_, 3);
  write_shared(Kind::text, std::string_view(&type->byte_order, 1));
  for (int i = 0; i < 3; ++i) {
    out_.boundary();
    out_.op(Op::none);
  }
  const char letter = type->code[0];
  const bool is_sized = letter == 'S' || letter == 'U' || letter == 'V';
  const auto size = static_cast<std::int64_t>(type->item_bytes);
  const std::int64_t alignment = letter == 'U' ? 4 : 1;
  for (const std::int64_t number :
       {is_sized ? size : -1, is_sized ? alignment : -1, std::int64_t{letter == 'U' ? 8 : 0}}) {
    out_.boundary();
    save_integer(number);
  }
  write_tuple_end(8);
  out_.op(Op::build);
}

}  // namespace brine::pickle
