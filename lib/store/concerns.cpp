#include "store/concerns.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "store/pickle_stream.hpp"

namespace brine::store {
namespace {

constexpr int deepest_nesting = 8;
constexpr std::size_t most_findings = 1000;

std::string describe(pickle::Concern::Kind kind) {
  using Kind = pickle::Concern::Kind;
  switch (kind) {
    case Kind::disputed_number:
      return "a number is spelled as no pickler spells it: not every reader takes it for the same";
    case Kind::nested_frames:
      return "a frame begins inside another: not every reader takes that";
    case Kind::unfinished_frame:
      return "it stops inside a frame: readers disagree on where the next pickle begins";
    case Kind::calls_object:
      return "what is called here is no symbol, but something that imported code made";
    case Kind::shadows:
      return "a text that, as an attribute, changes what an object is or does (__class__, "
             "__setstate__...)";
    case Kind::list_state:
      return "the state of an object is a list, or something that a call made, which no pickler "
             "writes here";
    case Kind::made_text:
      return "a text is made of bytes: what it says is not looked at";
    case Kind::opens_zone:
      return "a time zone that pandas opens a file for";
    case Kind::late_state:
      return "an object gets a state or items after it got a state, or from the memo, as no "
             "pickler "
             "writes it: it may call what the first state gave it";
    default:
      return "the memo of the pickle before it decides what is read here: not every reader "
             "keeps it";
  }
}

std::string describe(const pickle::Machine& machine, const pickle::Concern& concern) {
  using Kind = pickle::Concern::Kind;
  if (!concern.symbol) return describe(concern.kind);
  const Symbol& symbol = machine.symbols()[*concern.symbol].symbol;
  const std::string name = base::printable(fmt::format("{}:{}", symbol.module, symbol.name));
  switch (concern.kind) {
    case Kind::calls_object:
      return "what is called here is no symbol, but something that " + name + " made";
    case Kind::changes_import:
      return name + " itself is changed, not an instance of it";
    case Kind::forged_objects:
      return name + " is made to take bytes for pointers to objects";
    case Kind::short_array:
      return name + ": an array of objects may have fewer of them than its shape says";
    default:
      return name + " is given fields or flags that numpy believes: wrong ones corrupt memory";
  }
}

std::optional<Symbol> symbol_of(const pickle::Machine& machine, const pickle::Concern& concern) {
  if (!concern.symbol) return std::nullopt;
  return scan::trustable(machine.symbols()[*concern.symbol].symbol);
}

// Whether `other` gives rise to the same concern about a symbol as `machine`.
bool has_concern(const pickle::Machine& other, const pickle::Machine& machine,
                 const pickle::Concern& concern) {
  const Symbol& symbol = machine.symbols()[*concern.symbol].symbol;
  const auto& others = other.concerns();
  return std::any_of(others.begin(), others.end(), [&](const pickle::Concern& each) {
    return each.kind == concern.kind && each.symbol &&
           other.symbols()[*each.symbol].symbol == symbol;
  });
}

Verdict verdict_of(pickle::Concern::Kind kind) {
  using Kind = pickle::Concern::Kind;
  const bool is_bad = kind == Kind::changes_import || kind == Kind::forged_objects ||
                      kind == Kind::unfinished_frame;
  return is_bad ? Verdict::dangerous : Verdict::unknown;
}

// Looks into the byte strings of one machine, and into those that are in them.
class Nest {
 public:
  Nest(const scan::Policy& policy, const Limits& limits) : policy_(policy), limits_(limits) {}

  void look_into(const pickle::Machine& outer, int depth) {
    for (const pickle::Nested& nested : outer.nested()) {
      look_into(nested, depth, outer.known_extensions());
    }
    if (!outer.leaves_out_nested()) return;
    has_protocol_ = true;
    add({Verdict::unknown, outer.nested().back().offset,
         "more byte strings begin like pickles than are looked into"});
  }

  std::vector<Finding> take() { return std::move(findings_); }

 private:
  void look_into(const pickle::Nested& nested, int depth, const pickle::Extensions* extensions) {
    pickle::Machine inner(pickle::Detail::symbols, limits_, extensions);
    PickleStream stream(inner, nested.offset, 1, limits_);
    stream.write(nested.content);
    stream.finish();
    has_protocol_ = stream.pickles() > 0 && nested.content[0] == protocol_opcode;
    const std::string where = fmt::format("in the bytes at offset {}: ", nested.offset);
    judge(inner, where);
    if (depth < deepest_nesting) return look_into(inner, depth + 1);
    if (!inner.nested().empty()) {
      add({Verdict::unknown, nested.offset, where + "pickles in bytes too deep to look into"});
    }
  }

  void judge(const pickle::Machine& inner, const std::string& where) {
    std::vector<scan::SeenSymbol> symbols;
    for (const pickle::MetSymbol& met : inner.symbols()) symbols.push_back(seen(met));
    for (Finding& each : scan::judge(symbols, policy_)) {
      each.reason.insert(0, where);
      add(std::move(each));
    }
    for (Finding& each : concern_findings(inner, policy_, where)) add(std::move(each));
    for (const pickle::Buffer& each : inner.loaded()) {
      add({Verdict::unknown, each.offset, where + std::string(unseen_loading)});
    }
    for (const std::uint64_t offset : inner.extensions()) {
      add({Verdict::unknown, offset, where + std::string(unknown_extension)});
    }
  }

  // Texts may read as opcodes without PROTO by chance, but not as ones that name what is denied.
  void add(Finding finding) {
    if (!has_protocol_ && finding.verdict != Verdict::dangerous) return;
    if (findings_.size() >= most_findings && finding.verdict <= worst_) return;
    worst_ = std::max(worst_, finding.verdict);
    findings_.push_back(std::move(finding));
  }

  const scan::Policy& policy_;
  Limits limits_;
  bool has_protocol_ = true;
  Verdict worst_ = Verdict::safe;
  std::vector<Finding> findings_;
};

}  // namespace

scan::SeenSymbol seen(const pickle::MetSymbol& met) {
  return {met.symbol, met.protocol, met.count, met.offset, met.roles};
}

std::vector<Finding> concern_findings(const pickle::Machine& machine, const scan::Policy& policy,
                                      const std::string& where, const pickle::Machine* told) {
  std::vector<Finding> findings;
  for (const pickle::Concern& concern : machine.concerns()) {
    if (concern.symbol) {
      if (told != nullptr && has_concern(*told, machine, concern)) continue;
      if (policy.is_trusted(machine.symbols()[*concern.symbol].symbol)) continue;
    } else if (told != nullptr && concern.kind != pickle::Concern::Kind::calls_object) {
      continue;
    }
    findings.push_back({verdict_of(concern.kind), concern.offset,
                        where + describe(machine, concern), symbol_of(machine, concern)});
  }
  return findings;
}

std::vector<Finding> nested_findings(const pickle::Machine& machine, const scan::Policy& policy,
                                     const Limits& limits) {
  Nest nest(policy, limits);
  nest.look_into(machine, 1);
  return nest.take();
}

}  // namespace brine::store
