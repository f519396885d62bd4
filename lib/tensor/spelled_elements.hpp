// Elements that stand in a payload as text: how protocol 2 and Python 2 write bytes.
#pragma once

#include "brine/bytes.hpp"
#include "pickle/graph.hpp"
#include "tensor/statistics.hpp"

namespace brine::tensor {

/// Hands over the bytes that `text` stands for, which is a node of `payload`: each of its
/// characters is one. Returns false where one is none; then `use` may have got a part. Throws: what
/// `payload` throws.
bool each_spelled(const RandomSource& payload, const pickle::Node& text, const UseElements& use);

}  // namespace brine::tensor
