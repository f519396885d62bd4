// Values in a store: how a training loop in C++ keeps its state, and takes it up again.
//
//   brine::save_value(store, "run", state, {.step = epoch, .metrics = {{"loss", loss}}});
//   const brine::Checkpoint last = brine::load_value(store, "run@good");
//   const std::int64_t epoch = last.value["epoch"].integer();
#pragma once

#include <string_view>

#include "brine/store.hpp"
#include "brine/value.hpp"

namespace brine {

/// A value that was loaded, and how.
struct Checkpoint {
  Value value;
  LoadReport report;
};

/// Encodes `value` straight into a save, which is committed on return. Its origin is `object`,
/// whatever `options` say: who saves a value has made it.
/// Throws: as Store::begin_save(), SaveSession and encode().
BRINE_API Snapshot save_value(Store& store, std::string_view line, const Value& value,
                              const SaveOptions& options = {}, const EncodeOptions& encoding = {});

/// Loads what `ref` names and decodes it: a plain pickle, whoever wrote it. Its payload is in
/// memory while it is decoded, beside the arrays that are made of it. Throws: as Store::load() and
/// decode().
BRINE_API Checkpoint load_value(Store& store, std::string_view ref, const LoadOptions& options = {},
                                const Limits& limits = {});

}  // namespace brine
