#include "pickle/dtypes.hpp"

#include <algorithm>
#include <charconv>

namespace brine::pickle {
namespace {

// Where they stand in the state of a dtype.
constexpr std::size_t subtype_place = 2;
constexpr std::size_t names_place = 3;
constexpr std::size_t fields_place = 4;
constexpr std::size_t width_place = 5;
constexpr std::size_t flags_place = 7;

// Of numpy/ndarraytypes.h: NPY_OBJECT_DTYPE_FLAGS without alignment, and what texts and structures
// carry: NPY_NEEDS_INIT, NPY_NEEDS_PYAPI. Others say that items are pointers or lists.
constexpr std::uint32_t object_flags = 63;
// NPY_ALIGNED_STRUCT says how the fields came about.
constexpr std::uint32_t harmless_flags = 8 | 16 | 128;

constexpr std::string_view plain_kinds = "?biufcMm";
constexpr std::string_view sized_kinds = "SUa";

// Raw bytes of no width, as numpy.record, get the one of their state.
std::optional<std::uint32_t> width_in(const Abstracts& state, const Abstract& dtype) {
  const auto width = number_of(state[width_place]);
  const bool is_open = made_of(dtype) == Made::raw_dtype && width_of(dtype) == 0;
  return width && (is_open || *width == width_of(dtype)) ? width : std::nullopt;
}

bool is_known_dtype(Made made) {
  return made == Made::plain_dtype || made == Made::sized_dtype || made == Made::raw_dtype;
}

// (dtype, shape), which fill an item.
bool fills(const Abstract& subtype, std::uint32_t width, Recent& recent) {
  const auto pair = subtype.shape == Shape::tuple ? recent.items(subtype.ref) : std::nullopt;
  if (!pair || pair->size() != 2 || (*pair)[1].shape != Shape::tuple) return false;
  const auto count = recent.count((*pair)[1].ref);
  return is_known_dtype(made_of((*pair)[0])) && count && *count * width_of((*pair)[0]) == width;
}

// (dtype, offset), and perhaps a title
bool lies_inside(const Abstract& field, std::uint32_t width, Recent& recent) {
  const auto pair = field.shape == Shape::tuple ? recent.items(field.ref) : std::nullopt;
  if (!pair || pair->size() < 2 || pair->size() > 3) return false;
  if (pair->size() == 3 && pair->back().shape != Shape::text) return false;
  const Made made = made_of((*pair)[0]);
  const auto offset = number_of((*pair)[1]);
  const std::uint32_t bytes = width_of((*pair)[0]);
  return is_known_dtype(made) && bytes > 0 && offset && std::uint64_t{*offset} + bytes <= width;
}

bool has_sound_fields(std::uint32_t width, const Abstract& names, const Abstract& fields,
                      Recent& recent, const std::function<std::uint32_t(const Abstract&)>& text) {
  const auto keys = names.shape == Shape::tuple ? recent.items(names.ref) : std::nullopt;
  const auto rows = fields.shape == Shape::dict ? recent.items(fields.ref) : std::nullopt;
  if (!keys || !rows || keys->empty()) return false;
  std::vector<std::uint32_t> known;
  for (std::size_t at = 0; at < rows->size(); at += 2) {
    if (!is_name((*rows)[at]) || !lies_inside((*rows)[at + 1], width, recent)) {
      return false;
    }
    known.push_back(text((*rows)[at]));
  }
  return std::all_of(keys->begin(), keys->end(), [&](const Abstract& key) {
    return is_name(key) && std::find(known.begin(), known.end(), text(key)) != known.end();
  });
}

}  // namespace

Abstract dtype_of(std::string_view code) {
  if (!code.empty() && std::string_view("|<>=").find(code[0]) != code.npos) code.remove_prefix(1);
  const char kind = code.empty() ? '\0' : code[0];
  const std::string_view digits = code.substr(std::min<std::size_t>(code.size(), 1));
  std::uint32_t width = 0;
  const char* const end = digits.data() + digits.size();
  const auto [at, error] = std::from_chars(digits.data(), end, width);
  if (!digits.empty() && (error != std::errc{} || at != end)) return of_made(Made::other_dtype);
  if (width > most_width / 4) return of_made(Made::other_dtype);
  if (kind == 'O') return of_made(Made::object_dtype);
  if (kind == 'V') return of_made(Made::raw_dtype, width);
  if (kind == 'U') width *= 4;
  if (kind == '?' && digits.empty()) width = 1;
  if (plain_kinds.find(kind) != plain_kinds.npos) return of_made(Made::plain_dtype, width);
  if (sized_kinds.find(kind) != sized_kinds.npos) return of_made(Made::sized_dtype, width);
  return of_made(Made::other_dtype);
}

Layout judge_layout(const Abstract& dtype, const Abstract& state, Recent& recent,
                    const std::function<std::uint32_t(const Abstract&)>& text) {
  const auto items = state.shape == Shape::tuple ? recent.items(state.ref) : std::nullopt;
  if (!items || items->size() <= flags_place) return Layout::believed;
  const Abstract names = (*items)[names_place];
  const Abstract fields = (*items)[fields_place];
  const auto flags = number_of((*items)[flags_place]);
  const Made made = made_of(dtype);
  if (!flags) return Layout::believed;
  const Abstract subtype = (*items)[subtype_place];
  const bool is_bare = fields.shape == Shape::none && names.shape == Shape::none;
  if (made == Made::object_dtype && is_bare && subtype.shape == Shape::none) {
    return *flags == object_flags ? Layout::sound : Layout::forged;
  }
  if ((*flags & ~harmless_flags) != 0) return Layout::believed;
  const bool is_whole = subtype.shape == Shape::none;
  if (made == Made::plain_dtype && is_bare && is_whole) return Layout::sound;
  const bool is_sized = made == Made::sized_dtype || made == Made::raw_dtype;
  const auto width = width_in(*items, dtype);
  if (!is_sized || !width) return Layout::believed;
  if (!is_whole) {
    const bool is_filled = made == Made::raw_dtype && is_bare && fills(subtype, *width, recent);
    return is_filled ? Layout::sound : Layout::believed;
  }
  if (is_bare) return Layout::sound;
  return made == Made::raw_dtype && has_sound_fields(*width, names, fields, recent, text) &&
                 recent.seal(fields.ref)
             ? Layout::sound
             : Layout::believed;
}

// (..., shape, dtype, is_fortran, objects, ...)
bool has_its_objects(Abstracts tuple, Recent& recent) {
  for (std::size_t at = 1; at + 2 < tuple.size(); ++at) {
    const Made made = made_of(tuple[at]);
    if (made != Made::object_dtype && made != Made::other_dtype) continue;
    const Abstract& shape = tuple[at - 1];
    const Abstract& objects = tuple[at + 2];
    if (shape.shape == Shape::unknown && objects.shape == Shape::list) return false;
    if (shape.shape != Shape::tuple || !(is_open(objects.shape) || objects.shape == Shape::list)) {
      continue;
    }
    const auto wanted = recent.count(shape.ref);
    const auto given = objects.shape == Shape::list ? recent.count(objects.ref) : std::nullopt;
    if (!wanted || !given || *wanted != *given) return false;
  }
  return true;
}

}  // namespace brine::pickle
