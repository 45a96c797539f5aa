#include "nvimgcodec_library.h"

#include <dlfcn.h>

#include <memory>
#include <mutex>

#include "base/error.h"

namespace fastmix {

namespace {

constexpr const char* kSoname = "libnvimgcodec.so.0";
// Its version numbers are 1000 * major + 100 * minor + patch, with major 0 so far.
constexpr unsigned kMinor = NVIMGCODEC_VER / 100;

std::string install_line() {
  return concat("pip install 'nvidia-nvimgcodec-cu13>=0.", kMinor, ",<0.", kMinor + 1, "'");
}

void* open_library(const std::string& path) {
  // The same copy as DALI's: two of them would print and allocate twice.
  if (void* loaded = dlopen(kSoname, RTLD_NOW | RTLD_LOCAL | RTLD_NOLOAD)) return loaded;
  if (void* library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL)) return library;
  const std::string reason = dlerror();
  void* library = dlopen(kSoname, RTLD_NOW | RTLD_LOCAL);
  check(library != nullptr, "fastmix: expected nvImageCodec, which decodes images, at ", path, ", got: ", reason, "; ",
        install_line());
  return library;
}

std::unique_ptr<NvImageCodec> loaded(const std::string& path) {
  auto codec = std::make_unique<NvImageCodec>();
  void* library = open_library(path);
#define FASTMIX_FIND(name)                                                                          \
  codec->name = reinterpret_cast<decltype(codec->name)>(dlsym(library, "nvimgcodec" #name));        \
  check(codec->name != nullptr, "fastmix: expected nvimgcodec" #name " in nvImageCodec 0.", kMinor, \
        ", but the loaded library has no such function; ", install_line());
  FASTMIX_NVIMGCODEC_FUNCTIONS(FASTMIX_FIND)
#undef FASTMIX_FIND
  auto properties = described<nvimgcodecProperties_t>(NVIMGCODEC_STRUCTURE_TYPE_PROPERTIES);
  const auto status = codec->GetProperties(&properties);
  check(status == NVIMGCODEC_STATUS_SUCCESS && properties.version / 100 == kMinor, "fastmix: expected nvImageCodec 0.",
        kMinor, ", which the operators were built for, got 0.", properties.version / 100,
        "; its C interface changes with every minor version: ", install_line());
  auto info = described<nvimgcodecInstanceCreateInfo_t>(NVIMGCODEC_STRUCTURE_TYPE_INSTANCE_CREATE_INFO);
  info.load_builtin_modules = info.load_extension_modules = 1;
  check(codec->InstanceCreate(&codec->instance, &info) == NVIMGCODEC_STATUS_SUCCESS,
        "fastmix: nvImageCodec could not be initialised; reinstall it: ", install_line());
  return codec;
}

}  // namespace

const NvImageCodec& NvImageCodec::get(const std::string& path) {
  static std::mutex mutex;
  static const NvImageCodec* codec = nullptr;
  const std::lock_guard lock(mutex);
  if (codec == nullptr) codec = loaded(path).release();
  return *codec;
}

}  // namespace fastmix
