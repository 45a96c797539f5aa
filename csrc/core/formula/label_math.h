// The value of one cell of a soft target, host and device alike.
#pragma once

#include <cstdint>

#include "base/host_device.h"

namespace fastmix {

// In float64 and rounded once. `column` equal to both labels gets both weights: the row sums to 1.
FM_HD float target_cell(int64_t column, int64_t own, int64_t partner, float weight, double on, double off) {
  const double w = static_cast<double>(weight);
  const double own_value = column == own ? on : off;
  const double partner_value = column == partner ? on : off;
  return static_cast<float>(own_value == partner_value ? own_value : w * own_value + (1.0 - w) * partner_value);
}

}  // namespace fastmix
