// Looks at a payload while it passes by: what it is, which symbols it pushes, where its large
// buffers are, and what the policy says. The only place where pickles, containers and policy meet.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "archive/format.hpp"
#include "archive/zip.hpp"
#include "brine/bytes.hpp"
#include "brine/pickle.hpp"
#include "brine/snapshot.hpp"
#include "pickle/machine.hpp"
#include "scan/policy.hpp"
#include "store/pickle_stream.hpp"

namespace brine::store {

/// What an analysis found besides the report.
struct Analysis {
  ScanReport report;
  std::vector<BufferInfo> buffers;
  /// Empty, or why this is no whole checkpoint: one phrase.
  std::string incomplete;
};

/// Takes the payload in pieces, then finish().
class Analyst final : public Sink {
 public:
  Analyst(const scan::Policy& policy, pickle::Detail detail, const Limits& limits);

  void write(ByteView bytes) override;
  /// As PickleStream::pass(); all of a container, which finish() looks into by its directory.
  std::uint64_t pass(std::uint64_t available);

  /// Ends the payload. `payload` gives the same bytes anywhere: what is inside a container is
  /// looked up there. Throws: what `payload` throws by itself.
  Analysis finish(const RandomSource& payload);

  /// As finish(), for a payload that can only be read once: a container is not looked into, and a
  /// finding says so. wants_payload() tells beforehand.
  Analysis finish();

  /// Whether what is inside can only be told with the payload at hand.
  bool wants_payload() const;

  /// Large buffers met so far; grows while writing.
  const std::vector<pickle::Buffer>& buffers() const noexcept { return machine_.buffers(); }
  const pickle::Machine& machine() const noexcept { return machine_; }

 private:
  void settle_format();
  void add(Verdict verdict, std::uint64_t offset, std::string reason);
  /// Returns false when the bytes ended inside a pickle.
  bool read_pickle(const RandomSource& payload, std::uint64_t offset, std::uint64_t bytes,
                   std::uint64_t max_pickles, const std::string& where);
  void look_into_member(const RandomSource& payload, const archive::ZipMember& member);
  void look_into_zip(const RandomSource& payload);
  void look_into_npy(const RandomSource& payload, std::uint64_t offset, std::uint64_t bytes,
                     const std::string& where);
  void look_into_compressed(const RandomSource& payload, CodecId codec);
  void look_inside(const RandomSource& payload);
  enum class Behind : std::uint8_t { nothing, raw_storages };
  void judge_stream(const PickleStream& stream, const std::string& where,
                    Behind behind = Behind::nothing);
  void judge_payload();
  void leave_container();
  /// But for those that `told` has too.
  void add_concerns(const pickle::Machine& machine, const std::string& where = {},
                    const pickle::Machine* told = nullptr);
  void read_joblib(Source& payload, const std::string& where);
  void judge_as_plain_pickle(const pickle::Machine& plain);
  Analysis conclude();

  const scan::Policy& policy_;
  Limits limits_;
  pickle::Machine machine_;
  std::vector<std::unique_ptr<pickle::Machine>> inner_machines_;  // of pickles inside joblib
  std::optional<PickleStream> stream_;
  std::optional<archive::Format> format_;
  Bytes head_;  // until the format is told
  std::uint64_t offset_ = 0;
  Analysis analysis_;
  std::uint64_t findings_left_out_ = 0;
  Verdict worst_left_out_ = Verdict::safe;
};

}  // namespace brine::store
