// Which files inside a container are looked into, by who scans, lists or disassembles it.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "archive/format.hpp"
#include "archive/member.hpp"
#include "brine/bytes.hpp"
#include "store/decoded.hpp"

namespace brine::store {

/// File formats inside one another that are looked into.
inline constexpr std::size_t deepest_format = 3;

/// Of an array inside a compressed member, the header with what numpy pads it to.
inline constexpr std::size_t most_header_bytes = 64U << 10;

/// As many first bytes as tell a format.
Bytes head_of(const RandomSource& file);
Bytes head_of(const RandomSource& container, const archive::Member& member, Unfolder& unfolder);

/// Of a file that can be read anywhere.
archive::Format format_of(const RandomSource& file);

/// Whether a name ends so in any case, as torch's reader compares names. Requires: `end` is in
/// lower case.
bool ends_like(std::string_view name, std::string_view end);
bool is_pickle_name(std::string_view name);

/// Whether a file among others is worth a look: it is named as a pickle, begins like one, or is in
/// a format that may hold some.
bool may_hold_pickle(ByteView head, std::string_view name);

/// The folder, with its slash, that all names of a torch zip begin with, or nothing.
std::string torch_folder(const std::vector<archive::Member>& members);

/// Where a torch zip keeps the storages of its object: raw numbers.
std::string storage_folder(const std::vector<archive::Member>& members);

/// Of a storage in `folder`, the key by which its tensors know it.
std::optional<std::string_view> storage_key(const archive::Member& member, std::string_view folder);

}  // namespace brine::store
