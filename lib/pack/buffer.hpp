// Memory for one block, kept from block to block.
#pragma once

#include <cstddef>
#include <memory>

#include "brine/bytes.hpp"

namespace brine::pack {

/// Room that is never filled with zeros: pages that no block reaches cost nothing.
class Buffer {
 public:
  /// Makes room for `bytes`. What it held survives only a call that asks for no more than before.
  ByteSpan hold(std::size_t bytes) {
    if (bytes > capacity_) {
      capacity_ = 0;
      memory_.reset();  // first, so that old and new are never held together
      memory_ = std::make_unique_for_overwrite<std::byte[]>(bytes);
      capacity_ = bytes;
    }
    return {memory_.get(), bytes};
  }

 private:
  std::unique_ptr<std::byte[]> memory_;
  std::size_t capacity_ = 0;
};

}  // namespace brine::pack
