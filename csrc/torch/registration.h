// The operators of namespace `fastmix`. Each checks everything before it writes, because users can call it without the
// Python functions that check first. Plans are always on the CPU.
#pragma once

#include <optional>
#include <vector>

#include "stable.h"

namespace fastmix {

void mix_in_place_op(const Tensor& images, const Tensor& partner, const Tensor& weight_in, const Tensor& weight_out,
                     const Tensor& box, std::optional<Tensor> mask, std::optional<Tensor> mask_index,
                     std::optional<Tensor> other);
Tensor mix_op(const Tensor& images, const Tensor& partner, const Tensor& weight_in, const Tensor& weight_out,
              const Tensor& box, std::optional<Tensor> mask, std::optional<Tensor> mask_index,
              std::optional<Tensor> other);
Tensor regmixup_op(const Tensor& images, const Tensor& partner, const Tensor& weight_in, const Tensor& weight_out,
                   const Tensor& box, std::optional<Tensor> mask, std::optional<Tensor> mask_index);
Tensor mix_backward_op(const Tensor& grad, const Tensor& partner, const Tensor& weight_in, const Tensor& weight_out,
                       const Tensor& box, std::optional<Tensor> mask, std::optional<Tensor> mask_index, int64_t others,
                       bool of_other);
Tensor combine_op(const Tensor& images, const Tensor& partner, const Tensor& weight);
Tensor combine_backward_op(const Tensor& grad, const Tensor& partner, const Tensor& weight, int64_t samples);
Tensor normalize_mix_op(const Tensor& images, std::optional<Tensor> mirror, const Tensor& partner,
                        const Tensor& weight_in, const Tensor& weight_out, const Tensor& box, std::vector<double> mean,
                        std::vector<double> std, ScalarType dtype, bool channels_last, std::optional<Tensor> mask,
                        std::optional<Tensor> mask_index);
void normalize_mix_into_op(Tensor out, const Tensor& images, std::optional<Tensor> mirror, const Tensor& partner,
                           const Tensor& weight_in, const Tensor& weight_out, const Tensor& box,
                           std::vector<double> mean, std::vector<double> std, bool channels_last,
                           std::optional<Tensor> mask, std::optional<Tensor> mask_index);
Tensor mix_labels_op(const Tensor& labels, const Tensor& partner, const Tensor& label_weight, int64_t num_classes,
                     double smoothing);

}  // namespace fastmix
