// Bytes per element that every kernel reads and writes, counted: one line of JSON for benchmarks/kernels.
#pragma once

namespace fastmix::test {

void print_traffic();

}  // namespace fastmix::test
