#include "nvimgcodec_of_dali.h"

#include <dlfcn.h>

#include <string>

#include "base/error.h"
#include "dali/pipeline/operator/error_reporting.h"
#include "dali/util/file.h"

namespace fastmix {

namespace {

// DALI's wheel and nvImageCodec's lie side by side, and DALI looks for it there, too.
std::string path_beside_dali() {
  Dl_info info;
  const auto open = &dali::FileStream::Open;  // any function of libdali.so
  if (dladdr(reinterpret_cast<const void*>(open), &info) == 0 || info.dli_fname == nullptr) return {};
  const std::string library = info.dli_fname;
  return library.substr(0, library.rfind('/') + 1) + "../nvimgcodec/libnvimgcodec.so.0";
}

}  // namespace

const NvImageCodec& nvimgcodec_of_dali() {
  try {
    return NvImageCodec::get(path_beside_dali());
  } catch (const Error& error) {
    throw dali::DaliRuntimeError(error.what());
  }
}

}  // namespace fastmix
