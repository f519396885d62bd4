// Zips written by hand, right or wrong.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "support/opcodes.hpp"

namespace brine::test {

inline std::string le(std::uint64_t value, std::size_t width) {
  std::array<std::byte, 8> bytes{};
  base::put_little_endian(bytes.data(), value, width);
  return std::string(text_of(ByteView(bytes).first(width)));
}

/// Stores members, and lets a test say something wrong about them. Checksums are left 0: brine
/// leaves them to the reader of the payload.
class Zip {
 public:
  struct Member {
    std::string name;
    std::string data;
    std::uint16_t method = 0;
    std::string local_name = {};  ///< where it differs
    std::string extra = {};       ///< of the directory's entry
    std::uint64_t stored_bytes = ~0ULL;
    std::uint64_t bytes = ~0ULL;
    std::uint64_t offset = ~0ULL;
    std::uint16_t local_flags = 0;
    std::uint16_t flags = 0;
  };

  Zip& add(std::string name, std::string data) {
    return add(Member{.name = std::move(name), .data = std::move(data)});
  }
  Zip& add(const Member& member) {
    const auto or_else = [](std::uint64_t value, std::uint64_t other) {
      return value == ~0ULL ? other : value;
    };
    const std::string& local = member.local_name.empty() ? member.name : member.local_name;
    const std::uint64_t size = member.data.size();
    const std::uint64_t offset = or_else(member.offset, body_.size());
    body_ += "PK\x03\x04" + le(20, 2) + le(member.local_flags, 2) + le(member.method, 2) +
             le(0, 8) + le(size, 4) + le(size, 4) + le(local.size(), 2) + le(0, 2) + local +
             member.data;
    directory_ += "PK\x01\x02" + le(20, 2) + le(20, 2) + le(member.flags, 2) +
                  le(member.method, 2) + le(0, 8) + le(or_else(member.stored_bytes, size), 4) +
                  le(or_else(member.bytes, size), 4) + le(member.name.size(), 2) +
                  le(member.extra.size(), 2) + le(0, 8) + le(0, 2) + le(offset, 4) + member.name +
                  member.extra;
    ++members_;
    return *this;
  }

  std::uint64_t body_bytes() const { return body_.size(); }
  std::uint64_t directory_bytes() const { return directory_.size(); }

  std::string str(std::string_view comment = {}) const {
    return body_ + directory_ + end(members_, directory_.size(), body_.size(), comment);
  }

  /// As `str`, with the numbers in a ZIP64 end record.
  std::string str64() const {
    const std::uint64_t end64 = body_.size() + directory_.size();
    return body_ + directory_ + "PK\x06\x06" + le(44, 8) + le(45, 2) + le(45, 2) + le(0, 8) +
           le(members_, 8) + le(members_, 8) + le(directory_.size(), 8) + le(body_.size(), 8) +
           "PK\x06\x07" + le(0, 4) + le(end64, 8) + le(1, 4) + end(0xffff, 0xffffffff, 0xffffffff);
  }

  static std::string end(std::uint64_t members, std::uint64_t bytes, std::uint64_t offset,
                         std::string_view comment = {}) {
    return "PK\x05\x06" + le(0, 4) + le(members, 2) + le(members, 2) + le(bytes, 4) +
           le(offset, 4) + le(comment.size(), 2) + std::string(comment);
  }

  const std::string& body() const { return body_; }
  const std::string& directory() const { return directory_; }

 private:
  std::string body_;
  std::string directory_;
  std::uint64_t members_ = 0;
};

/// A `.npy` of version 1 with this header literal.
inline std::string npy(std::string_view literal, std::string_view data) {
  return "\x93NUMPY\x01" + std::string(1, '\0') + le(literal.size(), 2) + std::string(literal) +
         std::string(data);
}

/// The header literal of a one-dimensional array, as numpy writes it.
inline std::string npy_literal(std::string_view type, std::size_t length) {
  return "{'descr': " + std::string(type) + ", 'fortran_order': False, 'shape': (" +
         std::to_string(length) + ",), }\n";
}

}  // namespace brine::test
