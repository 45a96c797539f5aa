// Conversions between NumPy arrays and C++ vectors.
#pragma once

#include <pybind11/numpy.h>

#include <span>
#include <vector>

namespace fastmix {

template <typename T>
using Dense = pybind11::array_t<T, pybind11::array::c_style | pybind11::array::forcecast>;

template <typename T>
pybind11::array_t<T> to_array(const std::vector<T>& values, std::vector<pybind11::ssize_t> shape) {
  return pybind11::array_t<T>(shape, values.data());
}

// Rows of a plan as int32 (B, 16), one 64-byte row per sample.
constexpr pybind11::ssize_t kRowWords = 16;
template <typename Row>
pybind11::array_t<int32_t> to_rows(const std::vector<Row>& rows) {
  static_assert(sizeof(Row) == kRowWords * sizeof(int32_t));
  return pybind11::array_t<int32_t>({static_cast<pybind11::ssize_t>(rows.size()), kRowWords},
                                    reinterpret_cast<const int32_t*>(rows.data()));
}

template <typename T>
std::span<const T> to_span(const Dense<T>& array) {
  return {array.data(), static_cast<size_t>(array.size())};
}

}  // namespace fastmix
