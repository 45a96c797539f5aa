# FASTMIX_NVIMGCODEC_INCLUDE: the headers of nvImageCodec, which DALI's wheel brings; empty where there are none.
fastmix_python(FASTMIX_NVIMGCODEC_PACKAGE
  "import importlib.util as u, nvidia.dali; s = u.find_spec('nvidia.nvimgcodec'); \
print(s.submodule_search_locations[0] if s else '')")
set(FASTMIX_NVIMGCODEC_INCLUDE "")
if(EXISTS "${FASTMIX_NVIMGCODEC_PACKAGE}/include/nvimgcodec.h")
  set(FASTMIX_NVIMGCODEC_INCLUDE "${FASTMIX_NVIMGCODEC_PACKAGE}/include")
else()
  message(STATUS "fastmix: found no nvimgcodec.h; fn.fastmix.read, peek and decode are left out")
endif()
