#include "brine/disassemble.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "archive/format.hpp"
#include "archive/npy.hpp"
#include "archive/tar.hpp"
#include "archive/zip.hpp"
#include "base/text.hpp"
#include "brine/error.hpp"
#include "brine/pickle.hpp"
#include "io/file.hpp"
#include "io/range.hpp"
#include "pickle/disassemble.hpp"
#include "store/members.hpp"
#include "store/pickle_stream.hpp"

namespace brine {
namespace {

using archive::Format;

// Of the files in a container, those that are pickles or arrays: others inside are not taken apart.
bool is_listed(ByteView head, std::string_view name) {
  if (store::ends_like(name, ".npy")) return true;
  return archive::sniff(head) == Format::pickle && store::may_hold_pickle(head, name);
}

class Disassembler {
 public:
  Disassembler(std::uint64_t payload_bytes, Sink& out, const DisassembleOptions& options,
               const Limits& limits)
      : out_(out), options_(options), limits_(limits), unfolder_(payload_bytes, limits) {}

  void run(const RandomSource& payload);
  void run_decoded(const RandomSource& payload);
  const DisassembleReport& report() const noexcept { return report_; }

 private:
  void list_one(const RandomSource& payload, std::uint64_t offset);
  void list_all(const RandomSource& payload, const std::string& place, std::uint64_t from,
                std::uint64_t most);
  void list_zips(const RandomSource& file);
  void list_members(const RandomSource& file, const std::vector<archive::Member>& members);
  void list_member(const RandomSource& file, const archive::Member& member);
  void list_part(const RandomSource& part, const std::string& name);
  void list_npy(const RandomSource& npy, const std::string& place);
  void put(std::string_view line) { out_.write(bytes_of(line)); }
  void put_header(const std::string& place, std::uint64_t offset);
  std::uint64_t skip_white_space(const RandomSource& payload, std::uint64_t offset) const;
  [[noreturn]] void fail(const RandomSource& payload, const pickle::Listing& listing) const;
  [[noreturn]] void refuse(Format format, std::string_view hint) const;

  Sink& out_;
  const DisassembleOptions& options_;
  const Limits& limits_;
  store::Unfolder unfolder_;
  DisassembleReport report_;
};

// The reason of a reader that met a limit begins with the name of the limit.
void Disassembler::fail(const RandomSource& payload, const pickle::Listing& listing) const {
  const bool is_limit = listing.reason.starts_with("max_");
  const std::string what = fmt::format("{}: the listing ends at byte {}: {}", options_.name,
                                       listing.offset, listing.reason);
  if (is_limit) throw Error(Errc::limit, what);
  const std::string format = scan_payload(payload, {}, limits_).format;
  throw Error(Errc::corrupt,
              format == "joblib" ? what + " (joblib puts arrays between opcodes)" : what,
              "brine scan FILE");
}

void Disassembler::refuse(Format format, std::string_view hint) const {
  throw Error(Errc::corrupt,
              fmt::format("{} is no pickle but {}", options_.name, archive::to_string(format)),
              std::string(hint));
}

void Disassembler::list_one(const RandomSource& payload, std::uint64_t offset) {
  const pickle::Listing listing = pickle::disassemble(payload, offset, out_, limits_);
  report_.opcodes += listing.opcodes;
  report_.protocol = std::max(report_.protocol, listing.protocol);
  report_.end = listing.offset;
  if (!listing.reason.empty()) fail(payload, listing);
  ++report_.pickles;
}

void Disassembler::put_header(const std::string& place, std::uint64_t offset) {
  put(fmt::format("==> {}: byte {} <==\n", base::printable(place), offset));
}

std::uint64_t Disassembler::skip_white_space(const RandomSource& payload,
                                             std::uint64_t offset) const {
  std::array<std::byte, 1> next{};
  for (; offset < payload.size(); ++offset) {
    payload.read_at(offset, next);
    if (std::string_view("\n\r ").find(text_of(next)) == std::string_view::npos) break;
  }
  return offset;
}

void Disassembler::list_all(const RandomSource& payload, const std::string& place,
                            std::uint64_t from, std::uint64_t most) {
  for (std::uint64_t count = 0; count < most && (count == 0 || from < payload.size()); ++count) {
    put_header(place, from);
    list_one(payload, from);
    from = skip_white_space(payload, report_.end);
  }
}

void Disassembler::list_npy(const RandomSource& npy, const std::string& place) {
  const archive::NpyHeader header = archive::read_npy(npy, 0, npy.size());
  if (header.holds_objects) list_all(npy, place, header.bytes, 1);
}

// `part`: one of the files in a container.
void Disassembler::list_part(const RandomSource& part, const std::string& name) {
  const std::string place = fmt::format("{} {}", options_.name, name);
  if (store::ends_like(name, ".npy")) return list_npy(part, place);
  list_all(part, place, 0, limits_.max_pickles);
}

void Disassembler::list_member(const RandomSource& file, const archive::Member& member) {
  if (!store::Unfolder::can_open(member) && !store::is_pickle_name(member.name)) return;
  const Bytes head = store::head_of(file, member, unfolder_);
  if (!is_listed(head, member.name)) return;
  if (member.method == archive::stored) {
    return list_part(io::Range(file, member.offset, member.bytes), member.name);
  }
  list_part(unfolder_.unfold(file, member), member.name);
}

void Disassembler::list_zips(const RandomSource& file) {
  const auto zips = in_context(options_.name, [&] { return archive::find_zips(file, limits_); });
  for (const archive::Extent& each : zips) {
    const io::Range zip(file, each.offset, each.bytes);
    list_members(zip, in_context(options_.name, [&] { return archive::read_zip(zip, limits_); }));
  }
}

void Disassembler::list_members(const RandomSource& file,
                                const std::vector<archive::Member>& members) {
  const std::string folder = store::storage_folder(members);
  for (const archive::Member& member : members) {
    const bool is_storage = store::storage_key(member, folder).has_value();
    if (!member.is_file || (is_storage && !store::is_pickle_name(member.name))) continue;
    try {
      list_member(file, member);
    } catch (const Error& error) {
      if (error.code() != Errc::unsupported) throw;
      put(fmt::format("==> {} {}: {}, not listed <==\n", base::printable(options_.name),
                      base::printable(member.name), error.what()));
    }
  }
}

void Disassembler::run(const RandomSource& payload) {
  const Format format = store::format_of(payload);
  if (!store::is_compressed(format)) return run_decoded(payload);
  run_decoded(in_context(options_.name, [&] { return unfolder_.unfold(payload, format); }));
}

void Disassembler::run_decoded(const RandomSource& payload) {
  const Format format = store::format_of(payload);
  const bool is_container = format == Format::zip || format == Format::npy || format == Format::tar;
  if (is_container && !options_.all) refuse(format, "brine dis FILE --all");
  switch (format) {
    case Format::pickle:
    case Format::torch_legacy:
      break;
    case Format::zip:
      return list_zips(payload);
    case Format::npy:
      return list_npy(payload, options_.name);
    case Format::tar:
      return list_members(
          payload, in_context(options_.name, [&] { return archive::read_tar(payload, limits_); }));
    default:
      refuse(format, "brine scan FILE");
  }
  if (!options_.all) return list_one(payload, 0);
  const bool is_legacy = format == Format::torch_legacy;
  list_all(payload, options_.name, 0,
           is_legacy ? archive::torch_legacy_pickles : limits_.max_pickles);
}

}  // namespace

DisassembleReport disassemble(const RandomSource& payload, Sink& out,
                              const DisassembleOptions& options, const Limits& limits) {
  DisassembleOptions named = options;
  if (named.name.empty()) named.name = "payload";
  Disassembler disassembler(payload.size(), out, named, limits);
  disassembler.run(payload);
  if (disassembler.report().pickles == 0) {
    throw Error(Errc::corrupt, named.name + " holds no pickle that can be listed",
                "brine scan FILE");
  }
  return disassembler.report();
}

DisassembleReport disassemble_file(const std::filesystem::path& path, Sink& out,
                                   DisassembleOptions options, const Limits& limits) {
  if (options.name.empty()) options.name = path.string();
  const io::File file = io::open_input(path);
  return disassemble(file, out, options, limits);
}

}  // namespace brine
