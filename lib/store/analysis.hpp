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

namespace brine::store {

/// Runs one pickle after another over a stream.
class PickleStream {
 public:
  /// Lifetime: borrows `machine`.
  PickleStream(pickle::Machine& machine, std::uint64_t base, std::uint64_t max_pickles,
               const Limits& limits);

  void write(ByteView bytes);
  void finish();

  std::uint64_t pickles() const noexcept { return pickles_; }  ///< read to their STOP
  std::uint64_t opcodes() const noexcept { return opcodes_; }
  /// Where the last STOP ended.
  std::uint64_t end() const noexcept { return end_; }
  /// Bytes behind the last STOP that are no pickle and not only white space.
  bool has_trailing_bytes() const noexcept { return trailing_; }
  /// Why the pickle under way could not be read; empty: nothing is wrong.
  const std::string& reason() const noexcept { return reason_; }
  /// Whether it had pushed a symbol before: what a loader does up to there, it has done.
  bool has_acted() const { return pushed_symbols() > pushed_before_; }
  std::uint64_t failed_at() const noexcept { return failed_at_; }
  /// Whether the bytes ended inside a pickle in which nothing else was wrong. Only what begins as
  /// picklers begin it counts: raw bytes behind a pickle may look like opcodes.
  bool is_cut_short() const noexcept { return is_cut_short_; }
  /// Whether what could not be read is a pickle for sure.
  bool is_no_chance() const noexcept { return is_no_chance_; }

 private:
  void begin(std::uint64_t base);
  void settle();
  void skip_white_space(ByteView& bytes);
  std::uint64_t pushed_symbols() const;

  pickle::Machine& machine_;
  Limits limits_;
  std::optional<pickle::TokenReader> reader_;
  std::uint64_t max_pickles_;
  std::uint64_t offset_;  // of the next byte to come
  std::uint64_t pickles_ = 0;
  std::uint64_t opcodes_ = 0;
  std::uint64_t end_ = 0;
  bool trailing_ = false;
  std::uint64_t pushed_before_ = 0;
  bool between_ = true;  // after a STOP, or before the first byte
  std::string reason_;
  std::uint64_t failed_at_ = 0;
  bool is_at_end_ = false;
  bool has_protocol_ = false;  // the pickle under way begins with PROTO
  bool is_cut_short_ = false;
  bool is_no_chance_ = false;
};

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
  void add_concerns();
  Analysis conclude();

  const scan::Policy& policy_;
  Limits limits_;
  pickle::Machine machine_;
  std::optional<PickleStream> stream_;
  std::optional<archive::Format> format_;
  Bytes head_;  // until the format is told
  std::uint64_t offset_ = 0;
  Analysis analysis_;
  std::uint64_t findings_left_out_ = 0;
  Verdict worst_left_out_ = Verdict::safe;
};

/// Says whether `symbol` is the wrapper after which joblib puts raw array bytes into the stream.
bool is_joblib_wrapper(const Symbol& symbol);

}  // namespace brine::store
