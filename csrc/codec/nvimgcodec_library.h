// nvImageCodec's C functions, found at run time: one library and one instance per process, never unloaded.
#pragma once

#include <nvimgcodec.h>

#include <string>

namespace fastmix {

#define FASTMIX_NVIMGCODEC_FUNCTIONS(X) \
  X(GetProperties)                      \
  X(InstanceCreate)                     \
  X(DecoderCreate)                      \
  X(DecoderDestroy)                     \
  X(DecoderDecode)                      \
  X(FutureDestroy)                      \
  X(FutureWaitForAll)                   \
  X(FutureGetProcessingStatus)          \
  X(ImageCreate)                        \
  X(ImageDestroy)                       \
  X(CodeStreamCreateFromHostMem)        \
  X(CodeStreamDestroy)                  \
  X(CodeStreamGetImageInfo)             \
  X(CodeStreamGetSubCodeStream)

struct NvImageCodec {
#define FASTMIX_MEMBER(name) decltype(&nvimgcodec##name) name = nullptr;
  FASTMIX_NVIMGCODEC_FUNCTIONS(FASTMIX_MEMBER)
#undef FASTMIX_MEMBER
  nvimgcodecInstance_t instance = nullptr;

  // The library that is in the process already, else the one at `path`. Its structs change with every minor version:
  // throws Error if there is none, or its version is not that of the header.
  static const NvImageCodec& get(const std::string& path);
};

// Every struct carries its type and size, which the library compares with its own.
template <typename T>
T described(nvimgcodecStructureType_t type) {
  T value{};
  value.struct_type = type;
  value.struct_size = sizeof(T);
  return value;
}

}  // namespace fastmix
