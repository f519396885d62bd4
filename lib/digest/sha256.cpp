#include <openssl/evp.h>

#include <array>

#include "base/text.hpp"
#include "brine/error.hpp"
#include "digest/digest.hpp"

namespace brine::digest {

std::string sha256_hex(ByteView bytes) {
  std::array<std::byte, 32> value{};
  unsigned length = 0;
  const int done = EVP_Digest(bytes.data(), bytes.size(),
                              reinterpret_cast<unsigned char*>(value.data()), &length, EVP_sha256(),
                              nullptr);
  if (done != 1 || length != value.size()) {
    throw Error(Errc::environment, "libcrypto gave no SHA-256");
  }
  return base::to_hex(value);
}

}  // namespace brine::digest
