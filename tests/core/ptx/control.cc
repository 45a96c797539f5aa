// Branches, the end of a thread, and barriers.
#include "ptx/operations.h"

namespace fastmix::ptx {

void add_control(Table& table) {
  const Operation branch = [](const Instruction& i, Thread& t) { t.jump(i.target); };
  table["bra"] = table["bra.uni"] = branch;
  table["ret"] = [](const Instruction&, Thread& t) { t.end(); };
  table["bar.sync"] = [](const Instruction&, Thread& t) { t.wait(); };
  table["bar.warp.sync"] = [](const Instruction& i, Thread& t) { t.wait_for_lanes(t.get<uint32_t>(i.from[0])); };
}

}  // namespace fastmix::ptx
