// The operator's part of a draw key: in a pipeline its seed and the number of batches so far, in dynamic mode a hash of
// the caller's generator.
#pragma once

#include <cstdint>
#include <string>

#include "dali/pipeline/operator/op_spec.h"
#include "dali/pipeline/operator/operator.h"

namespace fastmix {

// The whole state of the operator, 16 bytes: DALI saves it after every batch when it makes checkpoints.
struct DrawState {
  uint64_t seed = 0;
  uint64_t step = 0;
};

// A hash of the generator's state: every other state gives other draws.
DrawState from_random_state(const dali::TensorList<dali::CPUBackend>& random_state);

// Little endian on every machine, so that a checkpoint can move.
std::string serialize(const DrawState& state);
DrawState deserialize(const std::string& bytes);

}  // namespace fastmix
