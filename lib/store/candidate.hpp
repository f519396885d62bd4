// One snapshot on its way to a target, checked in full before anything of it counts.
//
//   manifest (its SHA-256 is its name) -> plan from its symbols -> blocks: stored digest, decode
//   into exactly the recorded length, raw digest -> scan against the policy -> target
//
// With renames the payload is decoded twice: once for the machine to find the places, once to edit
// on the way to the target, where the edited bytes are scanned again. What was scanned is what the
// target got: both see the same pieces.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "pickle/edit.hpp"
#include "store/analysis.hpp"
#include "store/impl.hpp"

namespace brine::store {

/// Lifetime: borrows what it is made of.
class Candidate {
 public:
  /// Throws: corrupt, unsupported, limit, environment.
  Candidate(const Store::Impl& store, const Snapshot& snapshot, const LoadOptions& options,
            std::span<const migrate::Step> steps);

  /// Throws what is wrong with the snapshot, before anything counts, and what `target` throws.
  LoadReport deliver(Target& target);

 private:
  std::unique_ptr<RandomSource> open_pack() const;
  void decode(Sink& sink) const;
  void plan(const std::vector<const migrate::Step*>& steps);
  std::uint64_t payload_bytes() const;
  Analysis send(Sink& sink, std::uint64_t total, const Progress& progress) const;
  void check(const Analysis& analysis) const;
  void check_renames(const ScanReport& scan) const;

  const Store::Impl& store_;
  const LoadOptions& options_;
  scan::Policy policy_;
  Manifest manifest_;
  std::unique_ptr<RandomSource> pack_;
  std::vector<Rename> renames_;
  std::vector<pickle::Edit> edits_;
};

}  // namespace brine::store
