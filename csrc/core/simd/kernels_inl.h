// One .cc per instruction set compiles this file, inside its own namespace (FM_ISA). From outside that namespace, the
// code calls only helpers that are always inlined, so the linker cannot replace code for one instruction set by code
// for another. The compiler vectorises the loops; intrinsics appear only where it cannot.
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
