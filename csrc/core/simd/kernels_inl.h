// One .cc per instruction set includes this inside its own namespace. The code calls only always-inline helpers from
// outside that namespace, so the linker cannot mix code of two instruction sets. The compiler vectorises the loops;
// intrinsics appear only where it cannot.
#pragma once

#include "simd/kernels.h"
#include "simd/masked_inl.h"
#include "simd/mix_inl.h"
#include "simd/stream_inl.h"
#include "simd/unpack_inl.h"

namespace fastmix {
namespace FM_ISA {
namespace {

constexpr CpuKernels make_kernels(const char* name) {
  return {name, &mix, &mix_levels, &accumulate, &accumulate_levels, &store, &unpack, &stream, &order_streams};
}

}  // namespace
}  // namespace FM_ISA
}  // namespace fastmix
