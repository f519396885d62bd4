// Runs a command of the user's, for alert hooks.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

namespace brine::io {

/// Runs `command` with `/bin/sh -c`, feeds it `input`, and waits. Its standard output goes to our
/// standard error. Returns what went wrong in one phrase (exit status, signal, time-out after which
/// it was killed), or nothing. A command that does not read its input is no failure. Never throws
/// for what the command does. Thread-safety: any thread; SIGPIPE of the process is not touched.
std::string run_command(const std::string& command, std::string_view input,
                        std::chrono::milliseconds timeout);

}  // namespace brine::io
