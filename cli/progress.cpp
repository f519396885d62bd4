#include "progress.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "streams.hpp"
#include "terminal.hpp"
#include "units.hpp"

namespace brine::cli {
namespace {

constexpr auto between_updates = std::chrono::milliseconds(100);
constexpr std::size_t least_bar = 10;

std::string clock_time(double seconds) {
  // A rate near zero makes any number of seconds; 99 hours stand for all that is longer.
  const auto whole = static_cast<std::uint64_t>(std::clamp(seconds, 0.0, 99 * 3600.0));
  if (whole < 3600) return fmt::format("{}:{:02}", whole / 60, whole % 60);
  return fmt::format("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60);
}

std::string bar(double fraction, std::size_t width) {
  const auto filled = static_cast<std::size_t>(fraction * static_cast<double>(width));
  return fmt::format("[{}{}]", std::string(filled, '='), std::string(width - filled, ' '));
}

}  // namespace

ProgressBar::ProgressBar(std::string_view doing, const GlobalArguments& global)
    : doing_(doing), shown_(!global.quiet && can_redraw(Stream::error)) {}

Progress ProgressBar::callback() {
  if (!shown_) return {};
  return [this](std::uint64_t done, std::uint64_t total) { update(done, total); };
}

void ProgressBar::update(std::uint64_t done, std::uint64_t total) {
  const Clock::time_point now = Clock::now();
  if (now < next_) return;
  next_ = now + between_updates;
  drawn_ = true;
  const double seconds = std::chrono::duration<double>(now - start_).count();
  write_error("\r\x1b[K" + line(done, total, seconds));
}

std::string ProgressBar::line(std::uint64_t done, std::uint64_t total, double seconds) const {
  const double rate = static_cast<double>(done) / seconds;
  const std::string speed = fmt::format("{}/s", human_bytes(static_cast<std::uint64_t>(rate)));
  if (total == 0) return fmt::format("{}  {}  {}", doing_, human_bytes(done), speed);
  const double fraction =
      std::min(1.0, static_cast<double>(done) / static_cast<double>(total));
  const double left = done == 0 ? 0 : seconds * (1 - fraction) / fraction;
  const std::string figures =
      fmt::format("{:3.0f}%  {} / {}  {}  ETA {}", fraction * 100, human_bytes(done),
                  human_bytes(total), speed, clock_time(left));
  // Two brackets, two spaces, and the last column stays free: some terminals wrap when it is used.
  const std::size_t used = doing_.size() + figures.size() + 5;
  const std::size_t width = width_of(Stream::error);
  if (width < used + least_bar) return fmt::format("{} {}", doing_, figures).substr(0, width - 1);
  return fmt::format("{} {} {}", doing_, bar(fraction, std::min<std::size_t>(width - used, 40)),
                     figures);
}

void ProgressBar::clear() {
  if (drawn_) write_error("\r\x1b[K");
  drawn_ = false;
}

}  // namespace brine::cli
