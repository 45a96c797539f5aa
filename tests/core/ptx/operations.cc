#include "ptx/operations.h"

namespace fastmix::ptx {

Operation find_operation(const std::string& name) {
  static const Table table = [] {
    Table all;
    add_integer_operations(all);
    add_bit_operations(all);
    add_float_operations(all);
    add_comparisons(all);
    add_conversions(all);
    add_moves(all);
    add_memory_operations(all);
    add_control(all);
    return all;
  }();
  const auto found = table.find(name);
  return found == table.end() ? nullptr : found->second;
}

}  // namespace fastmix::ptx
