// What a machine is concerned about, as findings of a scan.
#pragma once

#include <string>
#include <vector>

#include "brine/pickle.hpp"
#include "pickle/machine.hpp"
#include "scan/policy.hpp"

namespace brine::store {

inline constexpr std::string_view unknown_extension =
    "an extension code: only the loading process knows its symbol";

inline constexpr std::string_view unseen_loading =
    "bytes that torch.load reads were not looked into";

scan::SeenSymbol seen(const pickle::MetSymbol& met);

/// One finding for each concern of `machine`, but for those about symbols that the user vouches
/// for. Where `told` is given, `machine` has read the same bytes in another way: only what it alone
/// is concerned about counts, and only about symbols, as the rest may be chance. `where` stands
/// before each reason.
std::vector<Finding> concern_findings(const pickle::Machine& machine, const scan::Policy& policy,
                                      const std::string& where = {},
                                      const pickle::Machine* told = nullptr);

/// Of the byte strings that begin like a pickle and are one to its STOP: what it would do if
/// somebody loaded it. Only what is not safe is a finding.
std::vector<Finding> nested_findings(const pickle::Machine& machine, const scan::Policy& policy,
                                     const Limits& limits);

}  // namespace brine::store
