// Included by one .cc per instruction set, inside a namespace of its own. Only always-inline helpers are called
// from outside it, so no code compiled for wide vectors can end up in a build for narrow ones. Written for the
// compiler to vectorise; intrinsics only where it cannot.
#pragma once

#include "simd/kernels.h"
#include "simd/masked_inl.h"
#include "simd/mix_inl.h"
#include "simd/normalize_inl.h"
#include "simd/normalize_levels_inl.h"
#include "simd/stream_inl.h"
#include "simd/unpack_inl.h"

namespace fastmix {
namespace FM_ISA {
namespace {

constexpr CpuKernels make_kernels(const char* name) {
  return {name,
          &mix,
          &mix_levels,
          &accumulate,
          &accumulate_levels,
          &store,
          &unpack,
          &normalize_plane,
          &normalize_interleaved,
          &normalize_levels_plane,
          &normalize_levels_interleaved,
          &stream,
          &order_streams};
}

}  // namespace
}  // namespace FM_ISA
}  // namespace fastmix
