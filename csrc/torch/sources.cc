#include "sources.h"

#include <utility>

#include "pixels.h"

namespace fastmix {

namespace {

void check_image(const char* op, const Tensor& image, const Tensor& first, size_t index) {
  check(image.scalar_type() == ScalarType::Byte && image.dim() == 3, op,
        ": expected images of dtype uint8 and shape (H, W, C), got ", torch::headeronly::toString(image.scalar_type()),
        " ", shape_of(image), " at index ", index);
  check((image.is_cpu() || image.is_cuda()) && device_of(image) == device_of(first), op,
        ": expected all images on one device, the CPU or a CUDA one, got ", device_of(first), " at index 0 and ",
        device_of(image), " at index ", index);
  check(image.size(2) == first.size(2), op, ": expected images with the same number of channels, got ", first.size(2),
        " at index 0 and ", image.size(2), " at index ", index);
}

// Returns the code of a filter or of edges for image `index`. `values` holds one code for all images, or one per image.
// Returns -1 if the code does not fit into int32. The operator's validate() refuses -1 and all other unknown codes.
int32_t choice_of(const std::vector<int64_t>& values, size_t index) {
  const int64_t value = values[values.size() == 1 ? 0 : index];
  return value == static_cast<int32_t>(value) ? static_cast<int32_t>(value) : -1;
}

void check_choices(const char* op, const char* name, size_t count, size_t batch) {
  check(count == 1 || count == batch, op, ": expected one ", name, " for all images or one for each of ", batch,
        " images, got ", count);
}

}  // namespace

int32_t check_side(const char* op, const char* name, int64_t side) {
  check(side >= 1 && side <= kMaxSourceSide, op, ": expected ", name, " of 1 to ", kMaxSourceSide, " pixels, got ",
        side);
  return static_cast<int32_t>(side);
}

SourceList source_list(const char* op, std::vector<Tensor> images, const Tensor& windows,
                       const std::vector<int64_t>& filters, const std::vector<int64_t>& edges) {
  check(!images.empty(), op, ": expected at least one image, got an empty list");
  check(images.size() <= INT32_MAX, op, ": expected at most 2^31 - 1 images, got ", images.size());
  for (size_t i = 0; i < images.size(); ++i) check_image(op, images[i], images[0], i);
  check_choices(op, "filter", filters.size(), images.size());
  check_choices(op, "edges", edges.size(), images.size());
  SourceList list;
  list.batch = static_cast<int32_t>(images.size());
  list.channels = images[0].size(2);
  check_channels(op, list.channels);
  static_assert(sizeof(Window) == 4 * sizeof(float));
  list.arrays.windows = reinterpret_cast<const Window*>(plan_array<float>(op, "windows", windows, list.batch, 4));
  for (size_t i = 0; i < images.size(); ++i) {
    if (!images[i].is_contiguous()) images[i] = torch::stable::contiguous(images[i]);
    list.images.push_back({static_cast<const uint8_t*>(images[i].const_data_ptr()),
                           check_side(op, "image height", images[i].size(0)),
                           check_side(op, "image width", images[i].size(1))});
    list.sampling.push_back({static_cast<Filter>(choice_of(filters, i)), static_cast<Edges>(choice_of(edges, i))});
  }
  list.tensors = std::move(images);
  list.arrays.images = list.images.data();
  list.arrays.sampling = list.sampling.data();
  return list;
}

}  // namespace fastmix
