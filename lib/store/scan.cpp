#include "brine/pickle.hpp"
#include "io/file.hpp"
#include "scan/extensions.hpp"
#include "store/analysis.hpp"
#include "store/read_through.hpp"

namespace brine {

ScanReport scan_payload(const RandomSource& payload, const ScanOptions& options,
                        const Limits& limits) {
  const scan::Policy policy(options.trusted);
  const pickle::Extensions extensions = scan::read_extensions(options.extensions);
  store::Analyst analyst(policy, pickle::Detail::symbols, limits, &extensions);
  store::read_through(payload, analyst);
  return analyst.finish(payload).report;
}

ScanReport scan_file(const std::filesystem::path& path, const ScanOptions& options,
                     const Limits& limits) {
  const io::File file = io::open_input(path);
  return scan_payload(file, options, limits);
}

}  // namespace brine
