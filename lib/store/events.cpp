#include "store/events.hpp"

#include <nlohmann/json.hpp>

#include "base/text.hpp"

namespace brine::store {

using Json = nlohmann::json;

std::string fallback_event(const LoadReport& report) {
  Json rejected = Json::array();
  for (const Rejection& each : report.rejected) {
    rejected.push_back({{"snapshot", each.snapshot},
                        {"seq", each.seq},
                        {"code", info(each.code).name},
                        {"reason", base::printable(each.reason)}});
  }
  return Json{
      {"schema", "brine.event/1"}, {"event", "fallback"},           {"time", base::now_utc()},
      {"line", report.line},       {"requested", report.requested}, {"served", report.served},
      {"seq", report.seq},         {"rejected", rejected}}
      .dump();
}

std::string reason_event(std::string_view reason) {
  return Json{{"reason", base::printable(reason)}}.dump();
}

}  // namespace brine::store
