// Every kernel in every dtype and layout as one list: what the search for races and the count of traffic go through.
// A new kernel is one more function in every_kernel.cc.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "cases.h"

namespace fastmix::test {

struct Region {
  const unsigned char* data;
  size_t size;
};

struct KernelRun {
  std::string kernel, dtype, layout;
  int64_t elements;             // of the output
  bool barriers;                // its blocks rely on them
  std::vector<Region> inputs;   // the masks too; without images in place
  Memory* out;                  // holds the inputs in place
  std::function<void()> start;  // launches it
  std::shared_ptr<void> owner;
};

// Small batches with random weights, boxes and masks, with which only those that take masks are listed; partners in
// cycles of every length.
std::vector<KernelRun> every_kernel(Random& random, Pairs pairs, Mixing mixing);

}  // namespace fastmix::test
