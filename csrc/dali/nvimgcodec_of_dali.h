// nvImageCodec as DALI has it.
#pragma once

#include "nvimgcodec_library.h"

namespace fastmix {

// Throws DaliRuntimeError if it is missing, or another version than the operators were built for.
const NvImageCodec& nvimgcodec_of_dali();

}  // namespace fastmix
