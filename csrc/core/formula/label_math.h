// The values of smoothed labels and of one cell of a dense target, for host and device.
#pragma once

#include <cstdint>

#include "base/host_device.h"

namespace fastmix {

// `on` is the value in the label's column, `off` the value in all others. Each class gets an equal share of
// `smoothing`: with smoothing 0.1 and 10 classes, `off` is 0.01 and `on` is 0.91.
struct Smoothed {
  double on, off;
};
FM_HD Smoothed smoothed(double smoothing, int64_t classes) {
  const double off = smoothing / static_cast<double>(classes);
  return {1.0 - smoothing + off, off};
}

// Computes in float64 and rounds once. A column that equals both labels gets both weights, so the row sums to 1.
FM_HD float target_cell(int64_t column, int64_t own, int64_t partner, float weight, double on, double off) {
  const double w = static_cast<double>(weight);
  const double own_value = column == own ? on : off;
  const double partner_value = column == partner ? on : off;
  return static_cast<float>(own_value == partner_value ? own_value : w * own_value + (1.0 - w) * partner_value);
}

}  // namespace fastmix
