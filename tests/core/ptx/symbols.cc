#include "ptx/symbols.h"

#include <elf.h>
#include <link.h>

#include <cstring>
#include <fstream>
#include <iterator>
#include <unordered_map>

#include "ptx/machine.h"

namespace fastmix::ptx {

namespace {

using Names = std::unordered_map<uint64_t, std::string>;

template <typename T>
T read_at(const std::string& file, uint64_t offset) {
  T value;
  std::memcpy(&value, file.data() + offset, sizeof(T));
  return value;
}

// Where the program was loaded, relative to the addresses in its file.
uint64_t load_address() {
  uint64_t address = 0;
  dl_iterate_phdr(
      [](dl_phdr_info* info, size_t, void* result) {
        *static_cast<uint64_t*>(result) = info->dlpi_addr;
        return 1;  // the program comes first
      },
      &address);
  return address;
}

Names read_names() {
  std::ifstream stream("/proc/self/exe", std::ios::binary);
  const std::string file{std::istreambuf_iterator<char>(stream), {}};
  const auto header = read_at<Elf64_Ehdr>(file, 0);
  const auto section = [&](uint64_t k) { return read_at<Elf64_Shdr>(file, header.e_shoff + k * sizeof(Elf64_Shdr)); };
  const uint64_t loaded = load_address();
  Names names;
  for (uint32_t s = 0; s < header.e_shnum; ++s) {
    if (section(s).sh_type != SHT_SYMTAB) continue;
    const uint64_t texts = section(section(s).sh_link).sh_offset;
    for (uint64_t at = 0; at < section(s).sh_size; at += sizeof(Elf64_Sym)) {
      const auto symbol = read_at<Elf64_Sym>(file, section(s).sh_offset + at);
      if (ELF64_ST_TYPE(symbol.st_info) == STT_FUNC)
        names[loaded + symbol.st_value] = file.c_str() + texts + symbol.st_name;
    }
  }
  return names;
}

}  // namespace

std::string name_of(const void* function) {
  static const Names names = read_names();
  const auto found = names.find(reinterpret_cast<uint64_t>(function));
  if (found == names.end()) fail("the program has no symbol for a kernel; is it stripped?");
  return found->second;
}

}  // namespace fastmix::ptx
