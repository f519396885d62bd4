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
#include "store/graphs_torch.hpp"
#include "store/members.hpp"
#include "store/read_through.hpp"
#include "store/torch_tar.hpp"

namespace brine::store {
namespace {

constexpr std::size_t piece_bytes = 64U << 10;  // for each of many small members
const std::string decoded = "decoded: ";
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

// A loader that is called again goes on where the first object ended.
void Analyst::look_behind(const RandomSource& file, std::uint64_t end, const std::string& where) {
  while (end < file.size()) {
    std::byte next{};
    file.read_at(end, {&next, 1});
    if (!is_white_space(next)) break;
    ++end;
  }
  if (end == file.size()) return;
  add(Verdict::unknown, end, where + "bytes follow, which another load would read");
  std::string incomplete = std::move(analysis_.incomplete);
  look_into_part(io::Range(file, end, file.size() - end), where + "behind it: ");
  analysis_.incomplete = std::move(incomplete);  // what follows need not be whole
}

void Analyst::look_into_npy(const RandomSource& npy, const std::string& where) {
  const archive::NpyHeader header = archive::read_npy(npy, 0, npy.size());
  const std::uint64_t rest = npy.size() - header.bytes;
  if (header.data_bytes && *header.data_bytes > rest) {
    throw Error(Errc::corrupt, fmt::format("{}the array has {} of its {} bytes: it is truncated",
                                           where, rest, *header.data_bytes));
  }
  if (header.data_bytes) return look_behind(npy, header.bytes + *header.data_bytes, where);
  if (!header.holds_objects) {
    return add(Verdict::unknown, 0, where + "how long its elements are is not told");
  }
  PickleStream stream(machine_, header.bytes, 1, limits_);
  read_through(io::Range(npy, header.bytes, rest), stream);
  stream.finish();
  judge_stream(stream, where, Behind::others);
  if (stream.is_cut_short()) {
    throw Error(Errc::corrupt, where + "the objects of the array are truncated");
  }
  if (stream.pickles() > 0) look_behind(npy, stream.end(), where);
}

void Analyst::look_into_torch_legacy(const RandomSource& file) {
  if (!analysis_.incomplete.empty()) return;
  try {
    if (const auto end = end_of_torch_legacy(file, limits_)) return look_behind(file, *end, "");
    add(Verdict::unknown, 0,
        "where its storages end is not told: what follows was not looked into");
  } catch (const Error& error) {
    if (error.code() == Errc::corrupt) analysis_.incomplete = error.what();
    add(Verdict::unknown, 0, error.what());
  }
}

// Read from the front only: the elements of a compressed array need no place.
void Analyst::look_into_npy(Source& source, std::uint64_t bytes, const std::string& where) {
  const Front front(source, bytes, most_header_bytes);
  const archive::NpyHeader header = archive::read_npy(front, 0, bytes);
  if (!header.holds_objects && header.data_bytes != bytes - header.bytes) {
    throw Error(Errc::corrupt, where + "the array has more or fewer bytes than its shape says");
  }
  if (!header.holds_objects) return;
  if (!read_pickle(source, front.from(header.bytes), header.bytes, 1, where)) {
    throw Error(Errc::corrupt, where + "the objects of the array are truncated");
  }
}

// Of one member of what a framework wrote, as its loader reads it: offsets in the file where it is
// stored.
void Analyst::look_into_pickle(const RandomSource& file, const archive::Member& member) {
  const std::string where = in_member(member.name);
  if (member.method == archive::stored) {
    read_pickle(file, member.offset, member.bytes, limits_.max_pickles, where);
  } else {
    read_pickle(*unfolder_->open(file, member), {}, 0, limits_.max_pickles, where);
  }
}

void Analyst::look_into_array(const RandomSource& file, const archive::Member& member) {
  const std::string where = in_member(member.name);
  if (member.method == archive::stored) {
    return look_into_npy(io::Range(file, member.offset, member.bytes), where);
  }
  look_into_npy(*unfolder_->open(file, member), member.bytes, where);
}

// Of one member: what it holds, or that this was not found out.
void Analyst::look_into_member(const RandomSource& file, const archive::Member& member,
                               bool is_of_framework) {
  const std::string where = in_member(member.name);
  if (member.is_encrypted) {
    add(Verdict::unknown, member.offset,
        where + "it is marked as encrypted, which not every reader heeds");
  }
  try {
    if (ends_like(member.name, ".npy")) return look_into_array(file, member);
    const Bytes head = head_of(file, member, *unfolder_);
    if (!may_hold_pickle(head, member.name)) return;
    const bool is_plain = archive::sniff(head) == archive::Format::pickle;
    if (is_plain && is_of_framework) return look_into_pickle(file, member);
    if (member.method == archive::stored) {
      return look_into_part(io::Range(file, member.offset, member.bytes), where);
    }
    look_into_part(unfolder_->unfold(file, member), where);
  } catch (const Error& error) {
    const bool is_locked = member.is_encrypted && error.code() == Errc::corrupt;
    if (error.code() != Errc::unsupported && !is_locked) throw;
    add(Verdict::unknown, member.offset, where + error.what());
  }
}

// Of a torch zip: raw numbers, unless another reader takes them for an array.
void Analyst::look_into_storage(const RandomSource& zip, const archive::Member& member) {
  if (!Unfolder::can_open(member)) return look_into_member(zip, member, true);
  const ByteView front = ByteView(member.front).first(member.front_bytes);
  const bool is_known = member.method == archive::stored && !front.empty();
  const archive::Format format =
      is_known ? archive::sniff(front) : archive::sniff(head_of(zip, member, *unfolder_));
  const bool is_other = format == archive::Format::npy || format == archive::Format::zip;
  if (is_other || is_pickle_name(member.name)) look_into_member(zip, member, true);
}

// Who reads a file with several knows from elsewhere where each begins, and may be told otherwise.
void Analyst::look_into_zips(const RandomSource& file) {
  const auto zips = archive::find_zips(file, limits_);
  if (zips.size() == 1) return look_into_zip(file);
  for (std::size_t i = 0; i < zips.size(); ++i) {
    look_into_part(io::Range(file, zips[i].offset, zips[i].bytes),
                   fmt::format("in zip {} of {}: ", i + 1, zips.size()));
  }
  analysis_.report.format = "zips";
  add(Verdict::unknown, 0, "zips in a row, as in torch's distributed checkpoints");
}

void Analyst::look_into_zip(const RandomSource& zip) {
  const auto members = archive::read_zip(zip, limits_);
  const std::string_view format = archive::zip_format(members);
  analysis_.report.format = format;
  const bool is_torch = format == "torch-zip" || format == "torchscript";
  const std::string folder = storage_folder(members);
  std::set<std::string> names;
  for (const archive::Member& member : members) {
    if (!names.insert(member.name).second) {
      add(Verdict::unknown, member.offset,
          in_member(member.name) + "there are two of this name: readers take one or the other");
    }
    if (is_torch && storage_key(member, folder)) {
      look_into_storage(zip, member);
    } else {
      look_into_member(zip, member, format != "zip");
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
  judge_as_plain_pickle(plain);
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
  for (const archive::Member& member : members) {
    if (member.is_file) look_into_member(tar, member, false);
  }
  add(Verdict::unknown, 0, "tar: only members that look like pickles were looked into");
}

// For what is inside this, one format deeper.
Analyst Analyst::inner() const {
  Analyst inner(policy_, pickle::Detail::symbols, limits_, machine_.known_extensions());
  inner.depth_ = depth_ + 1;
  inner.unfolder_ = unfolder_;
  return inner;
}

bool Analyst::is_too_deep(const std::string& where) {
  if (depth_ < deepest_format) return false;
  add(Verdict::unknown, 0,
      fmt::format("{}over {} file formats inside one another: not looked into", where,
                  deepest_format));
  return true;
}

// A file of its own inside another.
void Analyst::look_into_part(const RandomSource& part, const std::string& where) {
  if (is_too_deep(where)) return;
  Analyst analyst = inner();
  read_through(part, analyst);
  absorb(analyst.finish(part), where);
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
  if (is_too_deep("")) return;
  Analyst analyst = inner();
  io::copy(*unfolder_->open(payload, *format_), analyst);
  if (analyst.wants_payload()) {
    return absorb(analyst.finish(unfolder_->unfold(payload, *format_)), decoded);
  }
  analyst.judge_payload();
  if (analyst.is_joblib()) {
    const auto end = analyst.read_joblib(*unfolder_->open(payload, *format_), "");
    if (end) analyst.look_behind(unfolder_->unfold(payload, *format_), *end, "");
  }
  const Analysis inside = analyst.conclude();
  absorb(inside, decoded);
  // joblib before 0.10 put each array into such a file of its own: elements and nothing else.
  if (*format_ == archive::Format::zfile && inside.report.format == "unknown") {
    analysis_.incomplete.clear();
    add(Verdict::unknown, 0, decoded + "no pickle, but maybe the elements of an array");
  }
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
    add({finding.verdict, finding.offset, where + finding.reason, finding.symbol});
  }
}

void Analyst::look_inside(const RandomSource& payload) {
  if (!unfolder_) unfolder_ = std::make_shared<Unfolder>(payload.size(), limits_);
  try {
    if (*format_ == archive::Format::zip) look_into_zips(payload);
    if (*format_ == archive::Format::tar) look_into_tar(payload);
    if (*format_ == archive::Format::npy) look_into_npy(payload, "");
    if (*format_ == archive::Format::torch_legacy) look_into_torch_legacy(payload);
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
