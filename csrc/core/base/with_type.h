// These functions turn a DType into a C++ type. They call the body with a zero of that type, for example
// with_element_type(dtype, [&](auto zero) { fill<decltype(zero)>(out); }).
#pragma once

#include "base/dtype.h"

namespace fastmix {

// Accepts float16, bfloat16 and float32, the types of normalised output. Does nothing for any other type: the operators
// have already refused it.
template <typename Body>
void with_output_type(DType dtype, const Body& body) {
  switch (dtype) {
    case DType::kF16:
      return body(Half{});
    case DType::kBF16:
      return body(BFloat16{});
    case DType::kF32:
      return body(float{});
    case DType::kU8:
    case DType::kF64:
      return;
  }
}

// Accepts all types that can have a gradient. Does nothing for uint8, the only other type.
template <typename Body>
void with_float_type(DType dtype, const Body& body) {
  if (dtype == DType::kF64) return body(double{});
  with_output_type(dtype, body);
}

template <typename Body>
void with_element_type(DType dtype, const Body& body) {
  if (dtype == DType::kU8) return body(uint8_t{});
  with_float_type(dtype, body);
}

}  // namespace fastmix
