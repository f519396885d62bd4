// The half of the Analyst that looks for pickles inside containers.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "archive/npy.hpp"
#include "archive/tar.hpp"
#include "archive/zip.hpp"
#include "base/text.hpp"
#include "brine/error.hpp"
#include "io/file.hpp"
#include "io/range.hpp"
#include "store/analysis.hpp"
#include "store/concerns.hpp"
#include "store/decoded.hpp"
#include "store/read_through.hpp"
#include "store/torch_tar.hpp"

namespace brine::store {
namespace {

constexpr std::size_t piece_bytes = 1U << 20;
constexpr std::size_t deepest = 3;              // file formats inside one another
constexpr std::size_t most_header = 64U << 10;  // of an array inside a compressed member

std::string lower_case(std::string text) {
  for (char& c : text) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return text;
}

bool is_pickle_name(std::string_view name) {
  return name.ends_with(".pkl") || name.ends_with(".pickle");
}

std::size_t read_front(Source& source, ByteSpan buffer) {
  std::size_t held = 0;
  while (held < buffer.size()) {
    const std::size_t count = source.read(buffer.subspan(held));
    if (count == 0) break;
    held += count;
  }
  return held;
}

// Whether a file among others is worth a look: it is named as a pickle, begins like one, or is in a
// format that may hold some.
bool may_hold_pickle(ByteView head, std::string_view name) {
  const bool begins = !head.empty() && head[0] == protocol_opcode;
  return begins || is_pickle_name(name) || archive::sniff(head) != archive::Format::pickle;
}

std::string in_member(std::string_view name) { return "in " + base::printable(name) + ": "; }

}  // namespace

bool Analyst::read_pickle(const RandomSource& payload, std::uint64_t offset, std::uint64_t bytes,
                          std::uint64_t max_pickles, const std::string& where) {
  PickleStream stream(machine_, offset, max_pickles, limits_);
  read_through(io::Range(payload, offset, bytes), stream);
  return finish_pickle(stream, where);
}

// `front`: what of it was taken from the source before.
bool Analyst::read_pickle(Source& source, ByteView front, std::uint64_t offset,
                          std::uint64_t max_pickles, const std::string& where) {
  PickleStream stream(machine_, offset, max_pickles, limits_);
  stream.write(front);
  Bytes piece(piece_bytes);
  while (const std::size_t count = source.read(piece)) stream.write(ByteView(piece).first(count));
  return finish_pickle(stream, where);
}

bool Analyst::finish_pickle(PickleStream& stream, const std::string& where) {
  stream.finish();
  judge_stream(stream, where);
  return !stream.is_cut_short();
}

void Analyst::look_into_npy(const RandomSource& payload, std::uint64_t offset, std::uint64_t bytes,
                            const std::string& where) {
  const archive::NpyHeader header = archive::read_npy(payload, offset, bytes);
  const std::uint64_t rest = bytes - header.bytes;
  if (header.data_bytes && *header.data_bytes > rest) {
    throw Error(Errc::corrupt, fmt::format("{}the array has {} of its {} bytes: it is truncated",
                                           where, rest, *header.data_bytes));
  }
  if (!header.holds_objects) return;
  if (!read_pickle(payload, offset + header.bytes, rest, 1, where)) {
    throw Error(Errc::corrupt, where + "the objects of the array are truncated");
  }
}

// Read from the front only: the elements of a compressed array need no place.
void Analyst::look_into_npy(Source& decoded, std::uint64_t bytes, const std::string& where) {
  const Front front(decoded, bytes, most_header);
  const archive::NpyHeader header = archive::read_npy(front, 0, bytes);
  if (header.data_bytes && *header.data_bytes > bytes - header.bytes) {
    throw Error(Errc::corrupt, where + "the array is truncated");
  }
  if (!header.holds_objects) return;
  if (!read_pickle(decoded, front.from(header.bytes), header.bytes, 1, where)) {
    throw Error(Errc::corrupt, where + "the objects of the array are truncated");
  }
}

// Of one member: what it holds, or that this was not found out.
void Analyst::look_into_member(const RandomSource& zip, const archive::ZipMember& member) {
  const std::string name = lower_case(member.name);  // as torch's reader compares names
  const std::string where = in_member(member.name);
  try {
    if (name.ends_with(".npy")) {
      if (member.method == 0) return look_into_npy(zip, member.offset, member.bytes, where);
      return look_into_npy(*decode(zip, member, limits_), member.bytes, where);
    }
    Bytes head(archive::sniff_bytes);
    head.resize(read_front(*decode(zip, member, limits_), head));
    if (!may_hold_pickle(head, name)) return;
    if (archive::sniff(head) == archive::Format::pickle) {
      // A member as the loaders of torch and numpy read it: offsets in the file where it is stored.
      if (member.method == 0) {
        read_pickle(zip, member.offset, member.bytes, limits_.max_pickles, where);
      } else {
        read_pickle(*decode(zip, member, limits_), {}, 0, limits_.max_pickles, where);
      }
    } else if (member.method == 0) {
      look_into_part(io::Range(zip, member.offset, member.bytes), where);
    } else {
      look_into_part(unfold(*decode(zip, member, limits_), limits_), where);
    }
  } catch (const Error& error) {
    if (error.code() != Errc::unsupported) throw;
    add(Verdict::unknown, member.offset, where + error.what());
  }
}

// Of a torch zip: raw numbers, unless another reader takes them for an array.
void Analyst::look_into_storage(const RandomSource& zip, const archive::ZipMember& member) {
  Bytes head(archive::sniff_bytes);
  head.resize(read_front(*decode(zip, member, limits_), head));
  const archive::Format format = archive::sniff(head);
  const bool is_other = format == archive::Format::npy || format == archive::Format::zip;
  if (is_other || is_pickle_name(lower_case(member.name))) look_into_member(zip, member);
}

void Analyst::look_into_zip(const RandomSource& zip) {
  const auto members = archive::read_zip(zip, limits_);
  const std::string_view format = archive::zip_format(members);
  analysis_.report.format = format;
  const bool is_torch = format == "torch-zip" || format == "torchscript";
  const std::string storages =
      is_torch ? members[0].name.substr(0, members[0].name.find('/')) + "/data/" : std::string();
  std::set<std::string> names;
  for (const archive::ZipMember& member : members) {
    if (!names.insert(member.name).second) {
      add(Verdict::unknown, member.offset,
          in_member(member.name) + "there are two of this name: readers take one or the other");
    }
    if (is_torch && member.name.starts_with(storages)) {
      look_into_storage(zip, member);
    } else {
      look_into_member(zip, member);
    }
  }
  if (format != "torch-zip" && format != "npz") {
    add(Verdict::unknown, 0,
        fmt::format("{}: only members that look like pickles were looked into", format));
  }
}

// The name of the first member stands at the front of a tar, where pickle.load begins to read.
void Analyst::look_at_front(const RandomSource& tar) {
  pickle::Machine plain(pickle::Detail::symbols, limits_);
  PickleStream stream(plain, 0, 1, limits_);
  read_through(tar, stream);
  stream.finish();
  std::vector<scan::SeenSymbol> symbols;
  for (const pickle::MetSymbol& met : plain.symbols()) {
    // As `config.json` and the padding behind it: such a name cannot be imported.
    const bool has_padding = (met.symbol.module + met.symbol.name).find('\0') != std::string::npos;
    if (!has_padding) symbols.push_back(seen(met));
  }
  for (const Finding& finding : scan::judge(symbols, policy_)) {
    add(finding.verdict, finding.offset, "read as a plain pickle: " + finding.reason);
  }
}

void Analyst::look_into_tar(const RandomSource& tar) {
  look_at_front(tar);
  const auto members = archive::read_tar(tar, limits_);
  analysis_.report.format = archive::tar_format(members);
  if (analysis_.report.format == "torch-tar") {
    for (const TorchTar::Pickle& each : read_torch_tar(tar, members, limits_).pickles) {
      read_pickle(tar, each.offset, each.bytes, 1, in_member(each.member));
    }
    return;
  }
  for (const archive::TarMember& member : members) {
    if (!member.is_file) continue;
    const io::Range part(tar, member.offset, member.bytes);
    io::SequentialSource source(part);
    Bytes head(archive::sniff_bytes);
    head.resize(read_front(source, head));
    if (may_hold_pickle(head, lower_case(member.name))) {
      look_into_part(part, in_member(member.name));
    }
  }
  add(Verdict::unknown, 0, "tar: only members that look like pickles were looked into");
}

// A file of its own inside another.
void Analyst::look_into_part(const RandomSource& part, const std::string& where) {
  if (depth_ >= deepest) {
    return add(
        Verdict::unknown, 0,
        fmt::format("{}over {} file formats inside one another: not looked into", where, deepest));
  }
  Analyst inner(policy_, pickle::Detail::symbols, limits_, machine_.known_extensions(), depth_ + 1);
  read_through(part, inner);
  absorb(inner.finish(part), where);
}

// Where torch.storage._load_from_bytes hands byte strings to torch.load.
void Analyst::look_into_loaded(const RandomSource& payload) {
  has_loaded_ = format_ == archive::Format::pickle;
  if (!has_loaded_) return;
  for (const pickle::Buffer& each : machine_.loaded()) {
    look_into_part(io::Range(payload, each.offset, each.bytes),
                   fmt::format("in the bytes at offset {}: ", each.offset));
  }
}

// What is inside a container inside is unfolded on disk; all else is read on the way.
void Analyst::look_into_compressed(const RandomSource& payload) {
  const std::string where = "decoded: ";
  if (depth_ >= deepest) {
    return add(Verdict::unknown, 0,
               fmt::format("over {} file formats inside one another: not looked into", deepest));
  }
  Analyst inner(policy_, pickle::Detail::symbols, limits_, machine_.known_extensions(), depth_ + 1);
  io::copy(*decode(payload, *format_, limits_), inner);
  if (inner.wants_payload()) {
    absorb(inner.finish(unfold(*decode(payload, *format_, limits_), limits_)), where);
    return;
  }
  inner.judge_payload();
  if (inner.is_joblib()) inner.read_joblib(*decode(payload, *format_, limits_), "");
  const Analysis inside = inner.conclude();
  // joblib before 0.10 put each array into such a file of its own: elements and nothing else.
  if (*format_ == archive::Format::zfile && inside.report.format == "unknown") {
    return add(Verdict::unknown, 0, where + "no pickle, but maybe the elements of an array");
  }
  absorb(inside, where);
  if (inside.report.payload_bytes == 0) analysis_.incomplete = "it holds no byte";
}

void Analyst::absorb(const Analysis& inside, const std::string& where) {
  ScanReport& report = analysis_.report;
  report.pickles += inside.report.pickles;
  report.opcodes += inside.report.opcodes;
  report.protocol = std::max(report.protocol, inside.report.protocol);
  for (const SymbolCount& each : inside.report.symbols) counts_[each.symbol] += each.count;
  if (!inside.incomplete.empty()) analysis_.incomplete = where + inside.incomplete;
  for (const Finding& finding : inside.report.findings) {
    add(finding.verdict, finding.offset, where + finding.reason);
  }
}

void Analyst::look_inside(const RandomSource& payload) {
  try {
    if (*format_ == archive::Format::zip) look_into_zip(payload);
    if (*format_ == archive::Format::tar) look_into_tar(payload);
    if (*format_ == archive::Format::npy) look_into_npy(payload, 0, payload.size(), "");
    if (is_compressed(*format_)) look_into_compressed(payload);
  } catch (const Error& error) {
    // A stream that only another library can decode is whole for all we know.
    if (error.code() == Errc::unsupported) return add(Verdict::unknown, 0, error.what());
    if (error.code() != Errc::corrupt && error.code() != Errc::limit) throw;
    analysis_.incomplete = error.what();
    add(Verdict::dangerous, 0, error.what());
  }
}

}  // namespace brine::store
