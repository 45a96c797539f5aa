// The kernels of a folder of PTX files.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "ptx/parser.h"

namespace fastmix::ptx {

class Module {
 public:
  Module() = default;
  // All *.ptx of a folder. Stops the program if there is none.
  explicit Module(const std::filesystem::path& folder);
  Module(const Module&) = delete;
  Module& operator=(const Module&) = delete;

  void add(const std::string& file, std::string text);
  std::vector<std::string> names() const;
  // Parsed when first asked for. Stops the program if there is no such kernel.
  const Kernel& kernel(const std::string& name);

 private:
  std::vector<std::unique_ptr<const std::string>> files_;
  std::map<std::string, KernelText> texts_;
  std::map<std::string, std::unique_ptr<const Kernel>> parsed_;
};

}  // namespace fastmix::ptx
