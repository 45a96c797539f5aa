#include "cases.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "base/error.h"
#include "base/with_type.h"
#include "formula/mix_math.h"

namespace fastmix::test {

namespace {

float random_weight(Random& random) {
  constexpr float kSpecial[] = {0.0f, 1.0f, 1.0f, 0x1p-30f, 1.0f - 0x1p-24f, 0.5f};
  if (random() % 10 < 4) return kSpecial[random() % 6];
  return static_cast<float>(random() % 65537) / 65536.0f;
}

void random_range(Random& random, int64_t size, int32_t* begin, int32_t* end) {
  *begin = static_cast<int32_t>(random() % (size + 1));
  *end = static_cast<int32_t>(random() % (size + 1));
  if (*begin > *end) std::swap(*begin, *end);
}

template <typename T>
T load(const void* base, int64_t index) {
  T value;
  std::memcpy(&value, static_cast<const unsigned char*>(base) + index * static_cast<int64_t>(sizeof(T)), sizeof(T));
  return value;
}
template <typename T>
void store(std::vector<unsigned char>& out, int64_t index, T value) {
  std::memcpy(out.data() + index * static_cast<int64_t>(sizeof(T)), &value, sizeof(T));
}

float masked_weight(const PlanView& plan, int32_t i, int64_t t, int64_t y, int64_t x, int64_t depth, int64_t height,
                    int64_t width) {
  const Extent& mask = plan.mask.extent;
  const int64_t row = (t * mask.depth / depth) * mask.height + y * mask.height / height;
  const uint8_t level = plan.mask.levels[plan.rows[i].mask * mask.pixels() + row * mask.width + x * mask.width / width];
  return mask_weight(level, plan.rows[i].weight_in, plan.rows[i].weight_out);
}

float weight_of_element(const MixParams& params, int32_t i, int64_t element) {
  const int64_t row = element / params.pixel_stride / params.width;
  const Extent image = {static_cast<int32_t>(params.depth), static_cast<int32_t>(params.height),
                        static_cast<int32_t>(params.width)};
  return weight_at(params.plan, i, image, row / params.height % params.depth, row % params.height,
                   element / params.pixel_stride % params.width);
}

// Masks with long runs of 0 and 255, or of any levels.
void add_masks(Random& random, Plan& plan, int64_t height, int64_t width, int64_t depth) {
  const bool whole = random() % 2 == 0;
  plan.mask_extent.depth = random() % 2 == 0 ? 1 : static_cast<int32_t>(depth);
  plan.mask_extent.height = static_cast<int32_t>(whole ? height : 1 + random() % (height + 2));
  plan.mask_extent.width = static_cast<int32_t>(whole ? width : 1 + random() % (width + 2));
  const auto count = static_cast<int32_t>(1 + random() % 3);
  plan.masks.resize(count * plan.mask_extent.pixels());
  uint8_t level = 0;
  for (uint8_t& cell : plan.masks) {
    if (random() % 4 == 0) level = random() % 3 == 0 ? static_cast<uint8_t>(random()) : random() % 2 == 0 ? 0 : 255;
    cell = level;
  }
  for (int32_t i = 0; i < plan.batch(); ++i) {
    plan.rows[i].mask = static_cast<int32_t>(random() % (count + 1)) - 1;
    if (plan.rows[i].mask >= 0) std::fill_n(plan.rows[i].box, 4, 0);
  }
}

void add_whole_masks(Random& random, Plan& plan, int64_t height, int64_t width) {
  plan.mask_extent = {1, static_cast<int32_t>(height), static_cast<int32_t>(width)};
  plan.masks.resize(plan.batch() * plan.mask_extent.pixels());
  for (uint8_t& cell : plan.masks) cell = static_cast<uint8_t>(1 + random() % 254);
  for (int32_t i = 0; i < plan.batch(); ++i) plan.rows[i].mask = i;
}

}  // namespace

float weight_at(const PlanView& plan, int32_t i, const Extent& image, int64_t t, int64_t y, int64_t x) {
  if (plan.rows[i].mask >= 0) return masked_weight(plan, i, t, y, x, image.depth, image.height, image.width);
  const int32_t* box = plan.rows[i].box;
  const bool inside = y >= box[0] && y < box[2] && x >= box[1] && x < box[3];
  return inside ? plan.rows[i].weight_in : plan.rows[i].weight_out;
}

Plan random_plan(Random& random, int32_t batch, Pairs pairs, Mixing mixing, int64_t height, int64_t width,
                 int64_t depth) {
  Plan plan(batch);
  std::vector<int32_t> partner(batch);
  std::iota(partner.begin(), partner.end(), 0);
  if (pairs == Pairs::kFlip) std::reverse(partner.begin(), partner.end());
  if (pairs == Pairs::kPermutation) std::shuffle(partner.begin(), partner.end(), random);
  set_partners(plan, partner);
  if (pairs == Pairs::kCycle) {
    std::vector<int32_t> order = partner;
    std::shuffle(order.begin(), order.end(), random);
    for (int32_t k = 0; k < batch; ++k) plan.rows[order[k]].partner = order[(k + 1) % batch];
  }
  for (int32_t i = 0; i < batch; ++i) {
    if (pairs == Pairs::kRepeats) plan.rows[i].partner = static_cast<int32_t>(random() % batch);
    plan.rows[i].weight_in = random_weight(random);
    plan.rows[i].weight_out = random_weight(random);
    if (mixing == Mixing::kAllBlended || mixing == Mixing::kWholeMasks)
      plan.rows[i].weight_out = static_cast<float>(1 + random() % 1023) / 1024.0f;
    if ((mixing != Mixing::kBoxes && mixing != Mixing::kMasks) || random() % 4 == 0) continue;
    int32_t* box = plan.rows[i].box;
    random_range(random, height, box, box + 2);
    random_range(random, width, box + 1, box + 3);
    if (random() % 5 == 0) {
      box[0] = box[1] = 0;
      box[2] = static_cast<int32_t>(height);
      box[3] = static_cast<int32_t>(width);
    }
  }
  if (mixing == Mixing::kMasks) add_masks(random, plan, height, width, depth);
  if (mixing == Mixing::kWholeMasks) add_whole_masks(random, plan, height, width);
  return plan;
}

void fill_random(Random& random, DType dtype, unsigned char* data, int64_t count, bool specials) {
  if (dtype == DType::kU8) {
    for (int64_t k = 0; k < count; ++k) data[k] = static_cast<unsigned char>(random());
    return;
  }
  constexpr double kSpecial[] = {HUGE_VAL, -HUGE_VAL, NAN, 0.0, -0.0, 0x1p-24, 0x1p-140, 65504.0};
  with_element_type(dtype, [&](auto type) {
    using T = decltype(type);
    for (int64_t k = 0; k < count; ++k) {
      double value = static_cast<double>(static_cast<int32_t>(random())) * 0x1p-28;
      if (specials && random() % 64 == 0) value = kSpecial[random() % 8];
      if constexpr (!std::is_same_v<T, uint8_t>) {
        const T narrowed = narrow<T>(value);
        std::memcpy(data + k * static_cast<int64_t>(sizeof(T)), &narrowed, sizeof(T));
      }
    }
  });
}

MixCase::MixCase(Random& random, DType dtype, Shape shape, Plan random_plan, bool in_place, size_t misalignment)
    : plan(std::move(random_plan)) {
  params.dtype = dtype;
  params.elements = shape.elements();
  params.pixel_stride = shape.channels_last ? shape.channels : 1;
  params.width = std::max<int64_t>(shape.width, 1);
  params.height = std::max<int64_t>(shape.height, 1);
  params.depth = shape.channels_last ? 1 : shape.channels;
  params.out_stride = params.elements;
  params.in_place = in_place;
  params.plan = plan.view();
  const size_t bytes = static_cast<size_t>(plan.batch() * sample_bytes());
  const size_t offset = misalignment * static_cast<size_t>(size_of(dtype));
  out = std::make_unique<Memory>(bytes, offset);
  in = std::make_unique<Memory>(bytes, offset);
  fill_random(random, dtype, in->data(), plan.batch() * params.elements, true);
  std::memset(out->data(), 0xa5, bytes);
  if (in_place) std::memcpy(out->data(), in->data(), bytes);
  for (int32_t i = 0; i < plan.batch(); ++i) pointers.push_back((in_place ? out : in)->data() + i * sample_bytes());
  params.in = pointers.data();
  params.out = out->data();
}

std::string MixCase::describe() const {
  return concat(name_of(params.dtype), " batch ", plan.batch(), " elements ", params.elements, " pixel stride ",
                params.pixel_stride, " width ", params.width, " height ", params.height,
                params.in_place ? " in place" : " out of place");
}

NormalizeCase::NormalizeCase(Random& random, DType dtype, Layout layout, Shape shape, Plan random_plan, bool any_mirror,
                             size_t misalignment)
    : plan(std::move(random_plan)) {
  params.out_dtype = dtype;
  params.out_layout = layout;
  params.height = shape.height;
  params.width = shape.width;
  params.channels = static_cast<int32_t>(shape.channels);
  const float mean[] = {123.675f, 116.28f, 103.53f, 127.5f};
  const float std[] = {58.395f, 57.12f, 57.375f, 63.0f};
  set_normalization(params, mean, std, params.channels);
  const size_t count = static_cast<size_t>(plan.batch() * elements());
  in = std::make_unique<Memory>(count, misalignment);
  out = std::make_unique<Memory>(count * static_cast<size_t>(size_of(dtype)), 0);
  fill_random(random, DType::kU8, in->data(), static_cast<int64_t>(count), false);
  std::memset(out->data(), 0xa5, out->size());
  for (int32_t i = 0; i < plan.batch(); ++i) {
    pointers.push_back(in->data() + i * elements());
    mirror.push_back(random() % 2 == 0);
  }
  params.in = pointers.data();
  params.out = out->data();
  params.mirror = any_mirror ? mirror.data() : nullptr;
  params.plan = plan.view();
}

std::string NormalizeCase::describe() const {
  return concat(name_of(params.out_dtype), params.out_layout == Layout::kNCHW ? " NCHW" : " NHWC", " batch ",
                plan.batch(), " ", params.height, "x", params.width, "x", params.channels,
                params.mirror != nullptr ? " mirrored" : "");
}

std::vector<unsigned char> naive_mix(const MixParams& params) {
  std::vector<unsigned char> out(static_cast<size_t>(params.plan.batch * params.elements * size_of(params.dtype)));
  with_element_type(params.dtype, [&](auto type) {
    using T = decltype(type);
    for (int32_t i = 0; i < params.plan.batch; ++i) {
      const int32_t partner = params.plan.rows[i].partner;
      for (int64_t e = 0; e < params.elements; ++e) {
        const T own = load<T>(params.in[i], e);
        const T mixed =
            partner == i ? own : mix_element(own, load<T>(params.in[partner], e), weight_of_element(params, i, e));
        store(out, i * params.elements + e, mixed);
      }
    }
  });
  return out;
}

std::vector<unsigned char> naive_backward(const MixParams& params) {
  std::vector<unsigned char> out(static_cast<size_t>(params.plan.batch * params.elements * size_of(params.dtype)));
  const auto partner = [&](int32_t i) { return params.plan.rows[i].partner; };
  std::vector<std::vector<int32_t>> readers(params.plan.batch);  // the samples that each is the partner of
  for (int32_t j = 0; j < params.plan.batch; ++j) {
    if (partner(j) != j) readers[partner(j)].push_back(j);
  }
  with_element_type(params.dtype, [&](auto type) {
    using T = decltype(type);
    for (int32_t i = 0; i < params.plan.batch; ++i) {
      for (int64_t e = 0; e < params.elements; ++e) {
        const double own = partner(i) == i ? 1.0 : weight_of_element(params, i, e);
        double sum = 0.0;
        if (own != 0.0) sum += own * widen(load<T>(params.in[i], e));
        for (const int32_t j : readers[i]) {
          const double rest = 1.0 - static_cast<double>(weight_of_element(params, j, e));
          if (rest != 0.0) sum += rest * widen(load<T>(params.in[j], e));
        }
        store(out, i * params.elements + e, narrow<T>(sum));
      }
    }
  });
  return out;
}

std::vector<unsigned char> naive_normalize(const NormalizeMixParams& params) {
  const int64_t channels = params.channels, pixels = params.height * params.width;
  std::vector<unsigned char> out(
      static_cast<size_t>(params.plan.batch * pixels * channels * size_of(params.out_dtype)));
  const auto pixel = [&](int32_t i, int64_t y, int64_t x, int64_t c) {
    const bool mirrored = params.mirror != nullptr && params.mirror[i] != 0;
    return static_cast<float>(params.in[i][(y * params.width + (mirrored ? params.width - 1 - x : x)) * channels + c]);
  };
  for (int32_t i = 0; i < params.plan.batch; ++i) {
    for (int64_t k = 0; k < pixels * channels; ++k) {
      const int64_t c = k % channels, x = k / channels % params.width, y = k / channels / params.width;
      const Extent image = {1, static_cast<int32_t>(params.height), static_cast<int32_t>(params.width)};
      const float weight = weight_at(params.plan, i, image, 0, y, x);
      const float value = normalize_element(pixel(i, y, x, c), pixel(params.plan.rows[i].partner, y, x, c), weight,
                                            params.scale[c], params.bias[c]);
      const int64_t at = params.out_layout == Layout::kNHWC ? k : c * pixels + y * params.width + x;
      const int64_t index = i * pixels * channels + at;
      if (params.out_dtype == DType::kF16) store(out, index, narrow_float<Half>(value));
      if (params.out_dtype == DType::kBF16) store(out, index, narrow_float<BFloat16>(value));
      if (params.out_dtype == DType::kF32) store(out, index, narrow_float<float>(value));
    }
  }
  return out;
}

int64_t first_difference(DType dtype, const unsigned char* a, const unsigned char* b, int64_t count) {
  int64_t found = -1;
  with_element_type(dtype, [&](auto type) {
    using T = decltype(type);
    for (int64_t k = 0; k < count && found < 0; ++k) {
      const T x = load<T>(a, k), y = load<T>(b, k);
      const bool both_nan = std::isnan(widen(x)) && std::isnan(widen(y));
      if (std::memcmp(&x, &y, sizeof(T)) != 0 && !both_nan) found = k;
    }
  });
  return found;
}

void run_job(const CpuJob& job) { job.run(0, job.tasks()); }

}  // namespace fastmix::test
