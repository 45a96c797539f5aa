// The operators of namespace `fastmix`. Users can call them as torch.ops.fastmix.*. This skips the checks of the Python
// functions, so each operator checks all its arguments before it writes. A plan is on the CPU, or is a ResidentPlan on
// the images' device.
#pragma once

#include <optional>
#include <vector>

#include "stable.h"

namespace fastmix {

void mix_in_place_op(const Tensor& images, const Tensor& plan, std::optional<Tensor> masks,
                     std::optional<Tensor> other);
Tensor mix_op(const Tensor& images, const Tensor& plan, std::optional<Tensor> masks, std::optional<Tensor> other,
              bool with_clean, bool multiway);
Tensor mix_backward_op(const Tensor& grad, const Tensor& plan, std::optional<Tensor> masks, int64_t inputs,
                       bool of_other, bool multiway);
Tensor normalize_mix_op(const Tensor& images, const Tensor& plan, std::vector<double> mean, std::vector<double> std,
                        ScalarType dtype, bool channels_last, std::optional<Tensor> mirror,
                        std::optional<Tensor> masks);
void normalize_mix_into_op(Tensor out, const Tensor& images, const Tensor& plan, std::vector<double> mean,
                           std::vector<double> std, bool channels_last, std::optional<Tensor> mirror,
                           std::optional<Tensor> masks);
Tensor mix_labels_op(const Tensor& labels, const Tensor& plan, int64_t num_classes, double smoothing,
                     std::optional<Tensor> other);

// mix_op and mix_backward_op call these for rows that mix more than two images.
Tensor combine(const Tensor& images, const Tensor& plan);
Tensor combine_backward(const Tensor& grad, const Tensor& plan, int64_t inputs);

}  // namespace fastmix
