// The progress bar: one line on a terminal, for work that takes long enough to wonder about.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "brine/options.hpp"

#include "arguments.hpp"

namespace brine::cli {

/// Draws on standard error while work is under way, and clears its line when destroyed. It stays
/// silent for the first half second, off a terminal, and under --quiet.
class ProgressBar {
 public:
  /// `doing` is one word in front of the bar, as in `saving`.
  ProgressBar(std::string_view doing, const GlobalArguments& global);
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;
  ~ProgressBar() { clear(); }

  /// Returns what the library calls; empty where nothing would be drawn. Lifetime: of the bar.
  Progress callback();

  /// Takes the bar off the screen before something else is printed.
  void clear();

 private:
  using Clock = std::chrono::steady_clock;

  void update(std::uint64_t done, std::uint64_t total);
  std::string line(std::uint64_t done, std::uint64_t total, double seconds) const;

  std::string doing_;
  bool shown_;
  bool drawn_ = false;
  Clock::time_point start_ = Clock::now();
  Clock::time_point next_ = start_ + std::chrono::milliseconds(500);
};

}  // namespace brine::cli
