// From an element type at run time to a C++ type: the body gets a zero of the type, as in
// with_element_type(dtype, [&](auto zero) { fill<decltype(zero)>(out); }).
#pragma once

#include "base/dtype.h"

namespace fastmix {

// The types of normalised output. The operators have refused all others before.
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

// The types that have a gradient. Does nothing for uint8.
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
