#include "tensor/statistics.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <limits>

#include "base/arithmetic.hpp"
#include "brine/error.hpp"

namespace brine::tensor {
namespace {

constexpr std::size_t piece_bytes = 1U << 20;
constexpr std::string_view swapped = ", big-endian";

enum class Kind : std::uint8_t { natural, whole, binary, complex };

// A number in few bits: sign, exponent, mantissa; of 16 bits and less each has an entry in a table.
struct SmallFloat {
  unsigned exponent_bits;
  unsigned mantissa_bits;
  int bias;
  enum class Special : std::uint8_t {
    ieee,        // all ones: infinite, or no number
    one_nan,     // nothing is infinite, and only all ones of both parts are no number
    minus_zero,  // nothing is infinite, and what would be -0 is no number
  } special;
};

struct Type {
  std::string_view name;
  Kind kind;
  unsigned bytes;  // of an element; of a complex one, of both parts
  std::optional<SmallFloat> small = {};
};

constexpr Type types[] = {
    {"bool", Kind::natural, 1},
    {"uint8", Kind::natural, 1},
    {"uint16", Kind::natural, 2},
    {"uint32", Kind::natural, 4},
    {"uint64", Kind::natural, 8},
    {"int8", Kind::whole, 1},
    {"int16", Kind::whole, 2},
    {"int32", Kind::whole, 4},
    {"int64", Kind::whole, 8},
    {"float32", Kind::binary, 4},
    {"float64", Kind::binary, 8},
    {"complex64", Kind::complex, 8},
    {"complex128", Kind::complex, 16},
    {"float16", Kind::binary, 2, SmallFloat{5, 10, 15, SmallFloat::Special::ieee}},
    {"bfloat16", Kind::binary, 2, SmallFloat{8, 7, 127, SmallFloat::Special::ieee}},
    {"float8_e5m2", Kind::binary, 1, SmallFloat{5, 2, 15, SmallFloat::Special::ieee}},
    {"float8_e4m3fn", Kind::binary, 1, SmallFloat{4, 3, 7, SmallFloat::Special::one_nan}},
    {"float8_e5m2fnuz", Kind::binary, 1, SmallFloat{5, 2, 16, SmallFloat::Special::minus_zero}},
    {"float8_e4m3fnuz", Kind::binary, 1, SmallFloat{4, 3, 8, SmallFloat::Special::minus_zero}},
    {"qint8", Kind::whole, 1},
    {"quint8", Kind::natural, 1},
    {"qint32", Kind::whole, 4},
};

struct Spelled {
  const Type* type = nullptr;
  bool is_swapped = false;
};

Spelled read_dtype(std::string_view dtype) noexcept {
  Spelled spelled;
  if (dtype.ends_with(swapped)) {
    spelled.is_swapped = true;
    dtype.remove_suffix(swapped.size());
  }
  const auto* const row = std::find_if(std::begin(types), std::end(types),
                                       [&](const Type& type) { return type.name == dtype; });
  if (row != std::end(types)) spelled.type = row;
  return spelled;
}

float value_of(unsigned bits, const SmallFloat& form) {
  const unsigned width = 1 + form.exponent_bits + form.mantissa_bits;
  const unsigned mantissa_mask = (1U << form.mantissa_bits) - 1;
  const unsigned exponent_mask = (1U << form.exponent_bits) - 1;
  const unsigned mantissa = bits & mantissa_mask;
  const unsigned exponent = bits >> form.mantissa_bits & exponent_mask;
  const bool is_negative = (bits >> (width - 1) & 1) != 0;
  constexpr float nan = std::numeric_limits<float>::quiet_NaN();
  constexpr float infinite = std::numeric_limits<float>::infinity();
  using Special = SmallFloat::Special;
  if (form.special == Special::minus_zero && bits == 1U << (width - 1)) return nan;
  if (exponent == exponent_mask) {
    if (form.special == Special::one_nan && mantissa == mantissa_mask) return nan;
    if (form.special == Special::ieee) {
      return mantissa != 0 ? nan : is_negative ? -infinite : infinite;
    }
  }
  const auto hidden = exponent == 0 ? 0U : 1U << form.mantissa_bits;
  const int scale =
      static_cast<int>(std::max(exponent, 1U)) - form.bias - static_cast<int>(form.mantissa_bits);
  const float value = std::ldexp(static_cast<float>(hidden | mantissa), scale);
  return is_negative ? -value : value;
}

// The bits of element `at`, in the order of this machine.
template <typename Bits>
Bits bits_at(const std::byte* at, bool is_swapped) {
  std::array<std::byte, sizeof(Bits)> bytes;
  std::copy_n(at, sizeof(Bits), bytes.begin());
  if (is_swapped) std::reverse(bytes.begin(), bytes.end());
  return static_cast<Bits>(base::little_endian(bytes.data(), sizeof(Bits)));
}

// Elements of type Number, which are `Bits` in memory.
template <typename Number, typename Bits>
class Measure {
 public:
  template <typename ValueOf>
  void add(ByteView bytes, bool is_swapped, ValueOf value_of_bits) {
    for (std::size_t at = 0; at + sizeof(Bits) <= bytes.size(); at += sizeof(Bits)) {
      add(value_of_bits(bits_at<Bits>(bytes.data() + at, is_swapped)));
    }
  }

  void write(TensorStatistics& statistics) const {
    statistics.nans = nans_;
    statistics.infinities = infinities_;
    statistics.zeros = zeros_;
    using Wide = std::conditional_t<
        std::is_floating_point_v<Number>, double,
        std::conditional_t<std::is_signed_v<Number>, std::int64_t, std::uint64_t>>;
    if (least_ > most_) return;
    statistics.min = Wide{least_};
    statistics.max = Wide{most_};
  }

 private:
  void add(Number value) {
    zeros_ += value == 0;
    if constexpr (std::is_floating_point_v<Number>) {
      const bool is_finite = std::isfinite(value);
      nans_ += std::isnan(value);
      infinities_ += std::isinf(value);
      if (!is_finite) return;
    }
    least_ = std::min(least_, value);
    most_ = std::max(most_, value);
  }

  Number least_ = std::numeric_limits<Number>::max();
  Number most_ = std::numeric_limits<Number>::lowest();
  std::uint64_t nans_ = 0;
  std::uint64_t infinities_ = 0;
  std::uint64_t zeros_ = 0;
};

// Hands pieces on of which each but the last has a whole number of elements.
class Even {
 public:
  explicit Even(const UseElements& use) : use_(use) {}

  void write(ByteView piece) {
    while (!piece.empty()) {
      const std::size_t count = std::min(piece.size(), piece_bytes - held_.size());
      held_.insert(held_.end(), piece.begin(), piece.begin() + static_cast<std::ptrdiff_t>(count));
      piece = piece.subspan(count);
      if (held_.size() == piece_bytes) flush();
    }
  }
  void flush() {
    use_(held_);
    held_.clear();
  }

 private:
  const UseElements& use_;
  Bytes held_;
};

struct Elements {
  std::string_view dtype;
  const EachElement& each;
};

template <typename Use>
void for_each_piece(const Elements& elements, Use use) {
  const UseElements use_piece = use;
  Even even(use_piece);
  elements.each([&](ByteView piece) { even.write(piece); });
  even.flush();
}

template <typename Number, typename Bits, typename ValueOf>
TensorStatistics measure_as(const Elements& elements, ValueOf value_of_bits) {
  const bool is_swapped = read_dtype(elements.dtype).is_swapped;
  Measure<Number, Bits> measure;
  for_each_piece(elements, [&](ByteView piece) { measure.add(piece, is_swapped, value_of_bits); });
  TensorStatistics statistics;
  measure.write(statistics);
  return statistics;
}

template <typename Number, typename Bits>
TensorStatistics measure_bits(const Elements& elements) {
  return measure_as<Number, Bits>(elements, [](Bits bits) { return std::bit_cast<Number>(bits); });
}

template <typename Bits>
TensorStatistics measure_small(const Elements& elements, const SmallFloat& form) {
  std::vector<float> table(std::size_t{1} << (8 * sizeof(Bits)));
  for (std::size_t bits = 0; bits < table.size(); ++bits) {
    table[bits] = value_of(static_cast<unsigned>(bits), form);
  }
  return measure_as<float, Bits>(elements, [&](Bits bits) { return table[bits]; });
}

// No order, so neither min nor max; an element counts once, whatever is in both of its parts.
template <typename Number, typename Bits>
TensorStatistics measure_complex(const Elements& elements) {
  const bool is_swapped = read_dtype(elements.dtype).is_swapped;
  TensorStatistics statistics;
  for_each_piece(elements, [&](ByteView piece) {
    for (std::size_t at = 0; at + 2 * sizeof(Bits) <= piece.size(); at += 2 * sizeof(Bits)) {
      const auto part = [&](std::size_t which) {
        return std::bit_cast<Number>(
            bits_at<Bits>(piece.data() + at + which * sizeof(Bits), is_swapped));
      };
      const Number real = part(0);
      const Number imaginary = part(1);
      const bool is_nan = std::isnan(real) || std::isnan(imaginary);
      statistics.nans += is_nan;
      statistics.infinities += !is_nan && (std::isinf(real) || std::isinf(imaginary));
      statistics.zeros += real == 0 && imaginary == 0;
    }
  });
  return statistics;
}

}  // namespace

bool is_measurable(std::string_view dtype) noexcept { return read_dtype(dtype).type != nullptr; }

namespace {

TensorStatistics measure_elements(const Elements& elements) {
  const Type& type = *read_dtype(elements.dtype).type;
  if (type.small) {
    return type.bytes == 1 ? measure_small<std::uint8_t>(elements, *type.small)
                           : measure_small<std::uint16_t>(elements, *type.small);
  }
  const bool is_natural = type.kind == Kind::natural;
  switch (type.kind) {
    case Kind::complex:
      return type.bytes == 8 ? measure_complex<float, std::uint32_t>(elements)
                             : measure_complex<double, std::uint64_t>(elements);
    case Kind::binary:
      return type.bytes == 4 ? measure_bits<float, std::uint32_t>(elements)
                             : measure_bits<double, std::uint64_t>(elements);
    default:
      break;
  }
  switch (type.bytes) {
    case 1:
      return is_natural ? measure_bits<std::uint8_t, std::uint8_t>(elements)
                        : measure_bits<std::int8_t, std::uint8_t>(elements);
    case 2:
      return is_natural ? measure_bits<std::uint16_t, std::uint16_t>(elements)
                        : measure_bits<std::int16_t, std::uint16_t>(elements);
    case 4:
      return is_natural ? measure_bits<std::uint32_t, std::uint32_t>(elements)
                        : measure_bits<std::int32_t, std::uint32_t>(elements);
    default:
      return is_natural ? measure_bits<std::uint64_t, std::uint64_t>(elements)
                        : measure_bits<std::int64_t, std::uint64_t>(elements);
  }
}

}  // namespace

namespace {

// Of floats: zero has one sign here.
void negate(TensorStatistics& statistics) {
  std::swap(statistics.min, statistics.max);
  for (auto* const number : {&statistics.min, &statistics.max}) {
    if (*number) *number = 0.0 - std::get<double>(**number);
  }
}

}  // namespace

TensorStatistics measure(std::string_view dtype, const EachElement& each) {
  TensorStatistics statistics = measure_elements({dtype, each});
  statistics.is_raw = dtype.starts_with('q');
  return statistics;
}

TensorStatistics measure(const RandomSource& payload, const Tensor& tensor) {
  const std::uint64_t begin = tensor.offset ? *tensor.offset : *tensor.unordered;
  TensorStatistics statistics = measure(tensor.dtype, [&](const UseElements& use) {
    Bytes piece(static_cast<std::size_t>(std::min<std::uint64_t>(tensor.bytes, piece_bytes)));
    for (std::uint64_t done = 0; done < tensor.bytes; done += piece.size()) {
      piece.resize(
          static_cast<std::size_t>(std::min<std::uint64_t>(tensor.bytes - done, piece_bytes)));
      payload.read_at(begin + done, piece);
      use(piece);
    }
  });
  if (tensor.is_negated) negate(statistics);
  return statistics;
}

std::string_view why_unmeasured(std::string_view dtype) noexcept {
  struct Why {
    std::string_view front;
    std::string_view why;
  };
  constexpr Why all[] = {{"object", "objects"}, {"datetime", "times"}, {"timedelta", "times"},
                         {"{", "fields"},       {"S", "text"},         {"U", "text"},
                         {"V", "bytes"}};
  for (const Why& each : all) {
    if (dtype.starts_with(each.front)) return each.why;
  }
  return "dtype";
}

}  // namespace brine::tensor
