#include "ptx/module.h"

#include <algorithm>
#include <cctype>
#include <fstream>
#include <iterator>
#include <regex>
#include <utility>

namespace fastmix::ptx {

namespace {

// nvcc names the anonymous namespace of every file ("41_GLOBAL__N__..."), and g++ names all of them 12_GLOBAL__N_1.
std::string as_mangled_by_gcc(std::string name) {
  constexpr std::string_view kPrefix = "_GLOBAL__N__";
  for (size_t at = 0; (at = name.find(kPrefix)) != std::string::npos;) {
    size_t digits = at;
    while (digits > 0 && std::isdigit(static_cast<unsigned char>(name[digits - 1])) != 0) --digits;
    const size_t length = std::stoul(name.substr(digits, at - digits));
    name.replace(digits, at - digits + length, "12_GLOBAL__N_1");
  }
  return name;
}

}  // namespace

Module::Module(const std::filesystem::path& folder) {
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() != ".ptx") continue;
    std::ifstream stream(entry.path(), std::ios::binary);
    add(entry.path().filename().string(), {std::istreambuf_iterator<char>(stream), {}});
  }
  if (texts_.empty()) fail("no kernels in " + folder.string());
}

void Module::add(const std::string& file, std::string text) {
  files_.push_back(std::make_unique<const std::string>(std::move(text)));
  const std::string& whole = *files_.back();
  // Bodies are indented, declarations are not. Of these only shared arrays and kernels are known.
  static const std::regex shared(R"(\n\.extern \.shared .*\.b8 ([\w$]+)\[\];)"),
      other(R"(\n\.(?!extern|visible|entry|version|target|address_size|maxntid|minnctapersm)\w+)");
  std::smatch unknown;
  if (std::regex_search(whole, unknown, other))
    fail(file + ": a declaration that the interpreter does not know:" + unknown.str());
  std::vector<std::string> shared_names;
  for (std::sregex_iterator at(whole.begin(), whole.end(), shared), end; at != end; ++at)
    shared_names.push_back((*at)[1]);

  constexpr std::string_view kEntry = ".entry ";
  const std::string_view view = whole;
  uint32_t line = 1;
  size_t counted = 0;
  for (size_t at = view.find(kEntry); at != std::string_view::npos; at = view.find(kEntry, at + 1)) {
    const size_t open = view.find('(', at), close = view.find(')', open), body = view.find('{', close);
    if (body == std::string_view::npos) fail(file + ": a kernel without a body");
    line += static_cast<uint32_t>(std::count(view.begin() + counted, view.begin() + body, '\n'));
    counted = body;
    const std::string name = as_mangled_by_gcc(std::string(view.substr(at + kEntry.size(), open - at - kEntry.size())));
    const KernelText text{name, file, view.substr(open + 1, close - open - 1), view.substr(body), line, shared_names};
    if (!texts_.emplace(name, text).second) fail("two kernels are called " + name);
  }
}

std::vector<std::string> Module::names() const {
  std::vector<std::string> names;
  for (const auto& [name, text] : texts_) names.push_back(name);
  return names;
}

const Kernel& Module::kernel(const std::string& name) {
  std::unique_ptr<const Kernel>& kernel = parsed_[name];
  if (kernel == nullptr) {
    const auto text = texts_.find(name);
    if (text == texts_.end()) fail("no PTX of the kernel " + name);
    kernel = std::make_unique<const Kernel>(parse(text->second));
  }
  return *kernel;
}

}  // namespace fastmix::ptx
