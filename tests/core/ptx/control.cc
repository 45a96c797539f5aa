// Branches, the end of a thread, and barriers, at which the shim runs the block's other threads.
#include "ptx/operations.h"

namespace fastmix::ptx {

void add_control(Table& table) {
  const Operation branch = [](const Instruction& i, Thread& t) { t.jump(i.target); };
  table["bra"] = table["bra.uni"] = branch;
  table["ret"] = [](const Instruction&, Thread& t) { t.end(); };
  table["bar.sync"] = [](const Instruction&, Thread&) { host_cuda::barrier(); };
}

}  // namespace fastmix::ptx
