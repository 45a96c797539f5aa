# FASTMIX_CUDA_INCLUDE: CUDA's headers. DALI's and nvImageCodec's headers include them even for the CPU, and their wheels
# do not bring them.
if(NOT FASTMIX_CUDA_INCLUDE)
  fastmix_python(FASTMIX_PIP_CUDA_INCLUDE
    "import nvidia, pathlib; roots = [pathlib.Path(r) for r in nvidia.__path__]; \
print(*(h.parent for r in roots for h in r.glob('c*/include/cuda_runtime.h')), sep=';')")
  string(REPLACE "cuda_runtime/include" "cuda_nvcc/include" FASTMIX_PIP_CUDA_CRT "${FASTMIX_PIP_CUDA_INCLUDE}")
  find_path(FASTMIX_CUDA_INCLUDE cuda_runtime.h
            HINTS $ENV{CUDA_HOME}/include $ENV{CUDA_PATH}/include /usr/local/cuda/include ${FASTMIX_PIP_CUDA_INCLUDE})
  if(NOT FASTMIX_CUDA_INCLUDE)
    message(FATAL_ERROR "The DALI operators need CUDA's headers, also without its compiler: 'pip install "
                        "nvidia-cuda-runtime nvidia-cuda-crt' (CUDA 12: nvidia-cuda-runtime-cu12 nvidia-cuda-nvcc-cu12), or build "
                        "without the operators: -DFASTMIX_DALI=OFF")
  endif()
  # CUDA 12's packages keep crt/ in a folder of its own.
  find_path(FASTMIX_CUDA_CRT crt/host_config.h HINTS ${FASTMIX_CUDA_INCLUDE} ${FASTMIX_PIP_CUDA_CRT} NO_DEFAULT_PATH)
  if(FASTMIX_CUDA_CRT)
    list(APPEND FASTMIX_CUDA_INCLUDE ${FASTMIX_CUDA_CRT})
    list(REMOVE_DUPLICATES FASTMIX_CUDA_INCLUDE)
  endif()
endif()
