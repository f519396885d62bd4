// One function per verb. Each returns the exit code, prints its result and throws brine::Error.
#pragma once

#include "arguments.hpp"

namespace brine::cli {

int run_init(const Arguments& arguments);
int run_save(const Arguments& arguments);
int run_load(const Arguments& arguments);
int run_log(const Arguments& arguments);
int run_show(const Arguments& arguments);
int run_scan(const Arguments& arguments);
int run_dis(const Arguments& arguments);
int run_convert(const Arguments& arguments);
int run_verify(const Arguments& arguments);
int run_reindex(const Arguments& arguments);
int run_migrate_add(const Arguments& arguments);
int run_migrate_status(const Arguments& arguments);
int run_migrate_plan(const Arguments& arguments);
int run_version(const Arguments& arguments);

/// Exit codes that are no errors of the table in brine/error.hpp.
inline constexpr int exit_done = 0;
inline constexpr int exit_findings = 1;
inline constexpr int exit_fallback = 10;

}  // namespace brine::cli
