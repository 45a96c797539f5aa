// The core's refusals as DALI's exceptions: Python sees ValueError or RuntimeError with the core's own text.
#pragma once

#include <utility>

#include "base/error.h"
#include "dali/pipeline/operator/error_reporting.h"

namespace fastmix {

template <typename Function>
decltype(auto) with_dali_errors(Function&& function) {
  try {
    return std::forward<Function>(function)();
  } catch (const CudaError& error) {
    throw dali::DaliRuntimeError(error.what());
  } catch (const Error& error) {
    throw dali::DaliValueError(error.what());
  }
}

}  // namespace fastmix
