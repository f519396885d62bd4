// Tars written by hand, right or wrong.
#pragma once

#include <fmt/format.h>

#include <string>
#include <string_view>

namespace brine::test {

class Tar {
 public:
  Tar& add(std::string_view name, std::string_view data, char type = '0') {
    return header(name, fmt::format("{:011o}", data.size()), type).content(data);
  }

  /// `size`: the field as it stands there.
  Tar& header(std::string_view name, std::string_view size, char type = '0',
              std::string_view prefix = {}) {
    std::string block(512, '\0');
    block.replace(0, name.size(), name);
    block.replace(100, 7, "0000644");
    block.replace(124, size.size(), size);
    block.replace(148, 8, 8, ' ');
    block[156] = type;
    block.replace(257, 8, std::string_view("ustar\0" "00", 8));
    block.replace(345, prefix.size(), prefix);
    unsigned sum = 0;
    for (const char c : block) sum += static_cast<unsigned char>(c);
    block.replace(148, 7, fmt::format("{:06o}", sum) + '\0');
    bytes_ += block;
    return *this;
  }

  Tar& content(std::string_view data) {
    bytes_ += data;
    bytes_.resize((bytes_.size() + 511) / 512 * 512);
    return *this;
  }

  std::string str() const { return bytes_ + std::string(1024, '\0'); }

 private:
  std::string bytes_;
};

}  // namespace brine::test
