#include "units.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <ctime>

namespace brine::cli {
namespace {

struct Unit {
  std::int64_t seconds;
  char name;
};
constexpr std::array units{Unit{365 * 86'400, 'y'}, Unit{86'400, 'd'}, Unit{3600, 'h'},
                           Unit{60, 'm'}};

std::int64_t seconds_since_1970(std::string_view utc) {
  std::tm time{};
  const std::string text(utc);
  const int fields = std::sscanf(text.c_str(), "%4d-%2d-%2dT%2d:%2d:%2d", &time.tm_year,
                                 &time.tm_mon, &time.tm_mday, &time.tm_hour, &time.tm_min,
                                 &time.tm_sec);
  if (fields != 6) return -1;
  time.tm_year -= 1900;
  time.tm_mon -= 1;
  return timegm(&time);
}

}  // namespace

std::string human_bytes(std::uint64_t bytes) {
  constexpr std::array names{"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  if (bytes < 1024) return fmt::format("{} B", bytes);
  double value = static_cast<double>(bytes) / 1024;
  std::size_t unit = 0;
  // 1023.5 would be written as 1024.
  for (; value >= 1023.5 && unit + 1 < names.size(); ++unit) value /= 1024;
  const int decimals = value < 9.995 ? 2 : value < 99.95 ? 1 : 0;
  return fmt::format("{:.{}f} {}", value, decimals, names[unit]);
}

std::string grouped(std::uint64_t number) {
  if (number < 1000) return fmt::format("{}", number);
  return grouped(number / 1000) + fmt::format(",{:03}", number % 1000);
}

std::string counted(std::uint64_t number, std::string_view noun) {
  return fmt::format("{} {}{}", grouped(number), noun, number == 1 ? "" : "s");
}

std::string human_ratio(std::uint64_t payload_bytes, std::uint64_t stored_bytes) {
  if (payload_bytes == 0 || stored_bytes == 0) return "-";
  const double ratio = static_cast<double>(payload_bytes) / static_cast<double>(stored_bytes);
  return fmt::format("{:.{}f}x", ratio, ratio < 9.995 ? 2 : ratio < 99.95 ? 1 : 0);
}

std::string human_seconds(std::int64_t seconds) {
  for (const Unit& unit : units) {
    if (seconds >= unit.seconds) return fmt::format("{}{}", seconds / unit.seconds, unit.name);
  }
  return fmt::format("{}s", std::max<std::int64_t>(seconds, 0));
}

std::int64_t seconds_between(std::string_view earlier, std::string_view later) {
  const std::int64_t from = seconds_since_1970(earlier);
  const std::int64_t to = seconds_since_1970(later);
  return from < 0 || to < 0 ? 0 : to - from;
}

std::string now_utc() {
  const std::time_t now = std::time(nullptr);
  std::tm utc{};
  gmtime_r(&now, &utc);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", utc.tm_year + 1900, utc.tm_mon + 1,
                     utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec);
}

}  // namespace brine::cli
