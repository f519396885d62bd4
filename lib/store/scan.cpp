#include "brine/pickle.hpp"
#include "io/file.hpp"
#include "store/analysis.hpp"
#include "store/read_through.hpp"

namespace brine {
ScanReport scan_payload(const RandomSource& payload, std::span<const std::string> trusted,
                        const Limits& limits) {
  const scan::Policy policy(trusted);
  store::Analyst analyst(policy, pickle::Detail::symbols, limits);
  store::read_through(payload, analyst);
  return analyst.finish(payload).report;
}

ScanReport scan_file(const std::filesystem::path& path, std::span<const std::string> trusted,
                     const Limits& limits) {
  const io::File file = io::open_input(path);
  return scan_payload(file, trusted, limits);
}

}  // namespace brine
