// Values through a save and a load.
#include "brine/checkpoint.hpp"

namespace brine {
namespace {

class MemoryTarget final : public Target {
 public:
  void begin(std::uint64_t payload_bytes) override {
    payload_.clear();
    payload_.reserve(static_cast<std::size_t>(payload_bytes));
  }
  bool can_restart() const noexcept override { return true; }
  void write(ByteView bytes) override {
    payload_.insert(payload_.end(), bytes.begin(), bytes.end());
  }
  ByteView payload() const noexcept { return payload_; }

 private:
  Bytes payload_;
};

}  // namespace

Snapshot save_value(Store& store, std::string_view line, const Value& value,
                    const SaveOptions& options, const EncodeOptions& encoding) {
  SaveOptions own = options;
  own.origin = Origin::object;
  SaveSession session = store.begin_save(line, own);
  encode(value, session, encoding);
  return session.commit();
}

Checkpoint load_value(Store& store, std::string_view ref, const LoadOptions& options,
                      const Limits& limits) {
  MemoryTarget target;
  LoadReport report = store.load(ref, target, options);
  Value value = in_context(ref, [&] { return decode(target.payload(), limits); });
  return {std::move(value), std::move(report)};
}

}  // namespace brine
