// Augments a batch in one launch. One block runs all operations of one image, so __syncthreads() is the only barrier
// that operations need. Images whose bytes stay the same get no block.
#include "augment/augment.h"
#include "augment/device_image.h"
#include "augment/device_levels.h"
#include "augment/device_mix.h"
#include "augment/device_move.h"
#include "augment/device_operations.h"
#include "augment/device_stencil.h"
#include "augment/device_warp.h"
#include "cuda/kernel_bytes.h"

namespace fastmix {

namespace {

struct AugmentArgs {
  const unsigned char* in;
  unsigned char* out;
  unsigned char* scratch;
  int64_t in_stride, out_stride;
  int32_t height;
  Divisor width;
  Form form;
  bool words_in, words_out;
  uint32_t operation_offset, matrix_offset;  // byte offsets of operations and matrices in the program
};

// A DeviceProgram as the kernel reads it: in the kernel's parameters or, if it is too large for them, in device memory.
template <typename Bytes>
struct ProgramArgument {
  Bytes bytes;

  template <typename T>
  __device__ __forceinline__ const T& at(uint32_t offset, uint32_t index) const {
    return reinterpret_cast<const T*>(bytes.get() + offset)[index];
  }
};

template <typename Program>
__device__ __forceinline__ void apply(BlockImage& image, const DeviceOperation& operation, const Program& program,
                                      const AugmentArgs& args) {
  const int32_t (&word)[3] = operation.word;
  const auto fill = static_cast<uint32_t>(word[1]);
  switch (operation.action) {
    case Action::kTable: {
      const auto opcode = static_cast<Opcode>(word[0]);
      const float parameter = operation.value(1);
      return add_table(image, [&](uint32_t, int32_t v) { return table_level(opcode, parameter, v); });
    }
    case Action::kAutoContrast:
      return auto_contrast(image);
    case Action::kEqualize:
      return equalize(image);
    case Action::kContrast:
      return contrast(image, operation.value(0));
    case Action::kColor:
      return saturate(image, operation.value(0));
    case Action::kHue:
      return turn_hues(image, word[0]);
    case Action::kSharpness:
      return sharpen(image, operation.value(0));
    case Action::kBlur:
      return blur(image, {word[0], static_cast<uint32_t>(word[1]), static_cast<uint32_t>(word[2])});
    case Action::kMove:
      return move_pixels(image, word[0], word[1], word[2]);
    case Action::kNearestWarp:
      return warp_nearest(image, program.template at<DeviceMatrix>(args.matrix_offset, word[0]).fixed, fill);
    case Action::kLinearWarp:
      return warp_image<LinearFilter>(image, program.template at<DeviceMatrix>(args.matrix_offset, word[0]).exact, fill,
                                      word[2]);
    case Action::kCubicWarp:
      return warp_image<CubicFilter>(image, program.template at<DeviceMatrix>(args.matrix_offset, word[0]).exact, fill,
                                     word[2]);
    case Action::kErase:
      return erase(image, erase_box(word[0], word[1]), static_cast<uint32_t>(word[2]));
    case Action::kAugMixBegin:
      return begin_augmix(image, operation.value(0));
    case Action::kAugMixChainEnd:
      return end_chain(image, operation.value(0));
    case Action::kAugMixEnd:
      return end_augmix(image, operation.value(0), operation.value(1));
  }
}

template <typename Program>
__global__ void __launch_bounds__(kAugmentThreads, 2)
    augment_kernel(const __grid_constant__ Program program, const __grid_constant__ AugmentArgs args) {
  FM_SHARED(uint4, memory);
  const DeviceSample sample = program.template at<DeviceSample>(0, blockIdx.x);
  const PixelPlace in = {const_cast<unsigned char*>(args.in) + sample.image * args.in_stride, args.form, args.words_in};
  const PixelPlace out = {args.out + sample.image * args.out_stride, args.form, args.words_out};
  BlockImage image(*reinterpret_cast<AugmentShared*>(memory), in, out, args.scratch + size_t{16} * sample.scratch,
                   args.height, args.width);
#pragma unroll 1
  for (uint32_t k = 0; k < sample.count; ++k) {
    apply(image, program.template at<DeviceOperation>(args.operation_offset, sample.first + k), program, args);
  }
  image.settle();
}

// Whether every sample can be read and written in aligned 32-bit words.
bool has_words(const void* data, int64_t stride, const AugmentParams& params) {
  const int64_t plane = params.interleaved ? 0 : params.height * params.width;
  return (reinterpret_cast<uintptr_t>(data) | static_cast<uintptr_t>(stride) | static_cast<uintptr_t>(plane)) % 4 == 0;
}

}  // namespace

void augment_cuda(const AugmentParams& params, const DeviceProgram& program, void* scratch, CudaStream stream) {
  if (program.samples.empty() || params.height * params.width == 0) return;
  KernelBytes bytes;
  bytes.append(program.samples);
  AugmentArgs args = {};
  args.operation_offset = bytes.append(program.operations);
  args.matrix_offset = bytes.append(program.matrices);
  args.in = params.in;
  args.out = params.out;
  args.scratch = static_cast<unsigned char*>(scratch);
  args.in_stride = params.in_stride;
  args.out_stride = params.out_stride;
  args.height = static_cast<int32_t>(params.height);
  args.width = Divisor(static_cast<int32_t>(params.width));
  args.form = params.interleaved ? Form::kInterleaved : Form::kPlanar;
  args.words_in = has_words(params.in, params.in_stride, params);
  args.words_out = has_words(params.out, params.out_stride, params);
  const dim3 grid(static_cast<uint32_t>(program.samples.size())), block(kAugmentThreads);
  with_kernel_bytes<AugmentArgs>(bytes, stream, [&](const auto& taken) {
    using Program = ProgramArgument<std::decay_t<decltype(taken)>>;
    const auto kernel = augment_kernel<Program>;
    FM_LAUNCH("augment", kernel, grid, block, sizeof(AugmentShared), stream, Program{taken}, args);
  });
}

}  // namespace fastmix
