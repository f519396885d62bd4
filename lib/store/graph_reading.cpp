#include "store/graph_reading.hpp"

namespace brine::store {

std::uint64_t read_pickle(const RandomSource& payload, std::uint64_t offset, std::uint64_t end,
                          pickle::Graph& graph, const Limits& limits) {
  pickle::TokenReader reader(graph, offset, limits);
  read_to_end(payload, offset, end, reader);
  require_stopped(reader);
  return reader.offset();
}

}  // namespace brine::store
