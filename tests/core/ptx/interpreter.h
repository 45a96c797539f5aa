// Runs kernels from PTX: from here on, every launch in the host shim runs what the compiler made of the kernel.
#pragma once

#include <string>

#include "ptx/module.h"

namespace fastmix::ptx {

// Takes the kernels of *.ptx in this folder.
void run_kernels_from(const std::string& folder);

// Writes what ran: for each kernel a line "kernel NAME FILE LAUNCHES", then for each instruction a line
// "LINE RUNS TEXT", separated by tabs.
void write_coverage(const std::string& path);

// Makes the threads of this launch. Stops the program if the arguments have other sizes than the kernel's parameters.
host_cuda::NewThread threads_of(const Kernel& kernel, const std::vector<host_cuda::Parameter>& parameters,
                                size_t shared_bytes);

}  // namespace fastmix::ptx
