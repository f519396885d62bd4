// The details of events, as one JSON object each: what the catalog keeps and hooks are given.
#pragma once

#include <string>

#include "brine/store.hpp"

namespace brine::store {

/// {"event":"fallback","schema":"brine.event/1","line":...,"requested":...,"served":...,"seq":...,
///  "time":...,"rejected":[{"snapshot":...,"seq":...,"code":...,"reason":...}]}
std::string fallback_event(const LoadReport& report);

/// {"reason":...}
std::string reason_event(std::string_view reason);

}  // namespace brine::store
