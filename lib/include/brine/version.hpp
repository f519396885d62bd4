// The version of the library, and how to ask a built libbrine for its own.
#pragma once

#define BRINE_VERSION_MAJOR 0
#define BRINE_VERSION_MINOR 1
#define BRINE_VERSION_PATCH 0
#define BRINE_VERSION "0.1.0"

#if defined(__GNUC__)
#define BRINE_API __attribute__((visibility("default")))
#else
#define BRINE_API
#endif

namespace brine {

/// Returns the version of the library that is loaded, which may differ from BRINE_VERSION of the
/// headers that a program was compiled with.
BRINE_API const char* version() noexcept;

}  // namespace brine
