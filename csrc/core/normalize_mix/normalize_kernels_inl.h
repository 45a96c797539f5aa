// One .cc per instruction set includes this and sets FM_ISA.
#pragma once

#include "normalize_mix/normalize_inl.h"
#include "normalize_mix/normalize_kernels.h"
#include "normalize_mix/normalize_levels_inl.h"

namespace fastmix {
namespace FM_ISA {
namespace {

constexpr NormalizeKernels make_normalize_kernels() {
  return {&normalize_plane, &normalize_interleaved, &normalize_levels_plane, &normalize_levels_interleaved};
}

}  // namespace
}  // namespace FM_ISA
}  // namespace fastmix
