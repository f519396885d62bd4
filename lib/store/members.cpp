#include "store/members.hpp"

#include <algorithm>

#include "store/pickle_stream.hpp"

namespace brine::store {
namespace {

char in_lower_case(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

}  // namespace

Bytes head_of(const RandomSource& file) {
  Bytes head(std::min<std::uint64_t>(file.size(), archive::sniff_bytes));
  file.read_at(0, head);
  return head;
}

Bytes head_of(const RandomSource& container, const archive::Member& member, Unfolder& unfolder) {
  const auto source = unfolder.open(container, member);
  const Front front(*source, member.bytes, archive::sniff_bytes);
  const ByteView head = front.from(0);
  return {head.begin(), head.end()};
}

archive::Format format_of(const RandomSource& file) { return archive::sniff(head_of(file)); }

bool ends_like(std::string_view name, std::string_view end) {
  return name.size() >= end.size() &&
         std::equal(end.begin(), end.end(), name.end() - static_cast<std::ptrdiff_t>(end.size()),
                    [](char a, char b) { return a == in_lower_case(b); });
}

bool is_pickle_name(std::string_view name) {
  return ends_like(name, ".pkl") || ends_like(name, ".pickle");
}

bool may_hold_pickle(ByteView head, std::string_view name) {
  const bool begins = !head.empty() && head[0] == protocol_opcode;
  return begins || is_pickle_name(name) || archive::sniff(head) != archive::Format::pickle;
}

std::string torch_folder(const std::vector<archive::Member>& members) {
  const std::size_t slash = members.empty() ? std::string::npos : members[0].name.find('/');
  return slash == std::string::npos ? "" : members[0].name.substr(0, slash + 1);
}

std::string storage_folder(const std::vector<archive::Member>& members) {
  return torch_folder(members) + "data/";
}

std::optional<std::string_view> storage_key(const archive::Member& member,
                                            std::string_view folder) {
  const std::string_view name = member.name;
  if (!name.starts_with(folder)) return std::nullopt;
  return name.substr(folder.size());
}

}  // namespace brine::store
