// Looks at a payload while it passes by: what it is, which symbols it pushes, where its large
// buffers are, and what the policy says. The only place where pickles, containers and policy meet.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "archive/format.hpp"
#include "archive/member.hpp"
#include "brine/bytes.hpp"
#include "brine/pickle.hpp"
#include "brine/snapshot.hpp"
#include "pickle/machine.hpp"
#include "scan/policy.hpp"
#include "store/decoded.hpp"
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
  /// Lifetime: borrows `policy`, and `extensions` where there are any.
  Analyst(const scan::Policy& policy, pickle::Detail detail, const Limits& limits,
          const pickle::Extensions* extensions = nullptr);

  void write(ByteView bytes) override;
  /// As PickleStream::pass(); all of a payload that wants_payload(), for finish() to look into.
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
  void add(Finding finding);
  void add(Verdict verdict, std::uint64_t offset, std::string reason);
  /// Returns false when the bytes ended inside a pickle.
  bool read_pickle(const RandomSource& payload, std::uint64_t offset, std::uint64_t bytes,
                   std::uint64_t max_pickles, const std::string& where);
  bool read_pickle(Source& source, ByteView front, std::uint64_t offset, std::uint64_t max_pickles,
                   const std::string& where);
  bool finish_pickle(PickleStream& stream, const std::string& where);
  void look_behind(const RandomSource& file, std::uint64_t end, const std::string& where);
  void look_into_npy(const RandomSource& npy, const std::string& where);
  void look_into_torch_legacy(const RandomSource& file);
  void look_into_npy(Source& source, std::uint64_t bytes, const std::string& where);
  void look_into_pickle(const RandomSource& file, const archive::Member& member);
  void look_into_array(const RandomSource& file, const archive::Member& member);
  void look_into_member(const RandomSource& file, const archive::Member& member,
                        bool is_of_framework);
  void look_into_storage(const RandomSource& zip, const archive::Member& member);
  void look_at_front(const RandomSource& tar);
  void look_into_zips(const RandomSource& file);
  void look_into_zip(const RandomSource& zip);
  void look_into_tar(const RandomSource& tar);
  Analyst inner() const;
  bool is_too_deep(const std::string& where);
  void look_into_part(const RandomSource& part, const std::string& where);
  void look_into_loaded(const RandomSource& payload);
  void look_into_compressed(const RandomSource& payload);
  void absorb(const Analysis& inside, const std::string& where);
  void look_inside(const RandomSource& payload);
  enum class Behind : std::uint8_t { nothing, others };
  void judge_stream(const PickleStream& stream, const std::string& where,
                    Behind behind = Behind::nothing);
  void judge_payload();
  void leave_container();
  bool is_joblib() const;
  void add_all(std::vector<Finding> findings);
  std::optional<std::uint64_t> read_joblib(Source& payload, const std::string& where);
  void judge_as_plain_pickle(const pickle::Machine& plain);
  Analysis conclude();

  const scan::Policy& policy_;
  Limits limits_;
  std::size_t depth_ = 0;               // how many file formats it is inside of
  std::shared_ptr<Unfolder> unfolder_;  // one for all that is inside a payload
  pickle::Machine machine_;
  bool has_loaded_ = false;  // what the machine tells of is looked into
  std::vector<std::unique_ptr<pickle::Machine>> inner_machines_;  // of pickles inside joblib
  std::optional<PickleStream> stream_;
  std::optional<archive::Format> format_;
  bool is_tar_besides_ = false;
  Bytes head_;  // until the format is told
  std::uint64_t offset_ = 0;
  Analysis analysis_;
  std::map<Symbol, std::uint64_t> counts_;
  std::uint64_t findings_left_out_ = 0;
  Verdict worst_left_out_ = Verdict::safe;
};

}  // namespace brine::store
