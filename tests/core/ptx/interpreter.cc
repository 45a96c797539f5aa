#include "ptx/interpreter.h"

#include <fstream>
#include <memory>

#include "ptx/symbols.h"

namespace fastmix::ptx {

namespace {

std::unique_ptr<Module>& loaded() {
  static std::unique_ptr<Module> module;
  return module;
}

}  // namespace

host_cuda::NewThread threads_of(const Kernel& kernel, const std::vector<host_cuda::Parameter>& parameters,
                                size_t shared_bytes) {
  bool same = parameters.size() == kernel.parameter_bytes.size();
  for (size_t k = 0; same && k < parameters.size(); ++k) same = parameters[k].bytes == kernel.parameter_bytes[k];
  if (!same) fail("the arguments have other sizes than the parameters of " + kernel.name);
  ++kernel.launches;
  const auto launch = std::make_shared<const Launch>(Launch{kernel, parameters, shared_bytes});
  return [launch] { return std::make_unique<Thread>(*launch); };
}

void run_kernels_from(const std::string& folder) {
  loaded() = std::make_unique<Module>(folder);
  host_cuda::settings().substitute = [](const void* kernel, const std::vector<host_cuda::Parameter>& parameters,
                                        size_t shared_bytes) {
    return threads_of(loaded()->kernel(name_of(kernel)), parameters, shared_bytes);
  };
}

void write_coverage(const std::string& path) {
  std::ofstream out(path);
  for (const std::string& name : loaded()->names()) {
    const Kernel& kernel = loaded()->kernel(name);
    out << "kernel\t" << name << '\t' << kernel.file << '\t' << kernel.launches << '\n';
    for (size_t k = 0; k < kernel.code.size(); ++k)
      out << kernel.origins[k].line << '\t' << kernel.runs[k] << '\t' << kernel.origins[k].text << '\n';
  }
  if (!out) fail("could not write " + path);
}

}  // namespace fastmix::ptx
