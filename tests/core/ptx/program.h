// Runs a few lines of PTX as a kernel of one thread.
#pragma once

#include <cstring>
#include <string>
#include <vector>

#include "ptx/interpreter.h"

namespace fastmix::test {

// The kernel reads %rd1, %rd2, ... from `inputs` and returns what the lines leave in %rd0. The registers %r0 to %r9,
// %rs0 to %rs9 and %p0 to %p9 are free.
inline uint64_t run_ptx(const std::string& lines, const std::vector<uint64_t>& inputs = {}, size_t shared_bytes = 16) {
  std::string text = "\n.extern .shared .align 16 .b8 shared[];\n.visible .entry test(.param .u64 test_param_0)\n{\n";
  text += " .reg .pred %p<10>;\n .reg .b16 %rs<10>;\n .reg .b32 %r<10>;\n .reg .b64 %rd<10>;\n";
  text += "ld.param.u64 %rd9, [test_param_0];\n";
  for (size_t k = 1; k <= inputs.size(); ++k)
    text += "ld.global.b64 %rd" + std::to_string(k) + ", [%rd9+" + std::to_string(8 * k) + "];\n";
  text += lines + "\nst.global.b64 [%rd9], %rd0;\nret;\n}\n";
  ptx::Module module;
  module.add("test.ptx", text);
  std::vector<uint64_t> memory{0};
  memory.insert(memory.end(), inputs.begin(), inputs.end());
  const uint64_t* const pointer = memory.data();
  host_cuda::run(dim3(1), dim3(1), shared_bytes,
                 ptx::threads_of(module.kernel("test"), {{&pointer, sizeof(pointer)}}, shared_bytes));
  return memory[0];
}

}  // namespace fastmix::test
