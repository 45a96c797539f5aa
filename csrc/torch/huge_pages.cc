#include "huge_pages.h"

#include <cstdint>

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace fastmix {

torch::stable::Tensor with_huge_pages(torch::stable::Tensor fresh) {
#if defined(__linux__) && defined(MADV_HUGEPAGE)
  // malloc gives memory of this size its own mapping and unmaps it with the tensor, so madvise affects no other memory.
  constexpr uintptr_t kLeast = uintptr_t{32} << 20;
  constexpr uintptr_t kPage = uintptr_t{2} << 20;
  const uintptr_t bytes = static_cast<uintptr_t>(fresh.numel()) * fresh.element_size();
  if (bytes < kLeast || !fresh.is_cpu()) return fresh;
  const uintptr_t begin = reinterpret_cast<uintptr_t>(fresh.const_data_ptr());
  const uintptr_t first = (begin + kPage - 1) / kPage * kPage;
  const uintptr_t last = (begin + bytes) / kPage * kPage;
  madvise(reinterpret_cast<void*>(first), last - first, MADV_HUGEPAGE);
#endif
  return fresh;
}

}  // namespace fastmix
