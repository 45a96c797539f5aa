# Finds nvcc and the toolkit's headers: the system's, or else the packages that NVIDIA publishes on PyPI
# (requirements/nvcc.txt). FASTMIX_NVCC=pip takes the latter even where there is a system nvcc. Kernels need a driver for
# the CUDA that compiled them, so nvcc must not be newer than the CUDA of the installed DALI.
set(FASTMIX_NVCC "$ENV{FASTMIX_NVCC}" CACHE STRING "'pip', 'system', or empty: the system's nvcc if there is one")

function(fastmix_pip_toolkit result)
  # Along sys.path rather than nvidia.__path__: some wheels make `nvidia` a regular package, which hides the rest.
  fastmix_python(root "import sys, pathlib as p; print(next((str(d) for r in sys.path for d in p.Path(r or '.').glob('nvidia/cu1[3-9]') if (d / 'bin' / 'nvcc').exists()), ''))")
  set(${result} "${root}" PARENT_SCOPE)
endfunction()

set(FASTMIX_DALI_CUDA 99)
if(FASTMIX_DALI)
  # 13492 means 13.4.92.
  fastmix_python(FASTMIX_DALI_CUDA "import nvidia.dali as d; print(str(d.__cuda_version__)[:2])")
endif()

if(NOT CMAKE_CUDA_COMPILER)
  if(NOT FASTMIX_NVCC STREQUAL "pip")
    file(GLOB FASTMIX_CUDA_HOMES /usr/local/cuda-${FASTMIX_DALI_CUDA}*/bin)
    find_program(FASTMIX_SYSTEM_NVCC nvcc
                 HINTS $ENV{CUDA_HOME}/bin $ENV{CUDA_PATH}/bin ${FASTMIX_CUDA_HOMES} /usr/local/cuda/bin)
  endif()
  if(FASTMIX_SYSTEM_NVCC)
    set(CMAKE_CUDA_COMPILER ${FASTMIX_SYSTEM_NVCC} CACHE FILEPATH "nvcc")
  else()
    fastmix_pip_toolkit(FASTMIX_PIP_TOOLKIT)
    if(NOT FASTMIX_PIP_TOOLKIT OR FASTMIX_NVCC STREQUAL "system")
      message(FATAL_ERROR "No nvcc found. Install one with 'pip install -r requirements/nvcc.txt', or build "
                          "without the CUDA kernels: FASTMIX_CMAKE_ARGS=-DFASTMIX_CUDA=OFF")
    endif()
    set(CMAKE_CUDA_COMPILER ${FASTMIX_PIP_TOOLKIT}/bin/nvcc CACHE FILEPATH "nvcc")
    # The wheels keep their libraries in lib, where nvcc's own profile looks in lib64.
    set(CMAKE_CUDA_FLAGS "-L${FASTMIX_PIP_TOOLKIT}/lib" CACHE STRING "")
  endif()
endif()
set(CMAKE_CUDA_RUNTIME_LIBRARY Static)
set(CMAKE_CUDA_ARCHITECTURES ${FASTMIX_CUDA_ARCHS})
enable_language(CUDA)
set(CMAKE_CUDA_STANDARD 17)  # CMake 3.25 knows no CUDA20 for nvcc 13
set(CMAKE_CUDA_STANDARD_REQUIRED ON)
message(STATUS "fastmix: CUDA ${CMAKE_CUDA_COMPILER_VERSION} from ${CMAKE_CUDA_COMPILER}")
if(CMAKE_CUDA_COMPILER_VERSION VERSION_GREATER_EQUAL "${FASTMIX_DALI_CUDA}.99")
  message(FATAL_ERROR "Expected an nvcc for CUDA ${FASTMIX_DALI_CUDA}, as the installed DALI is, found "
                      "${CMAKE_CUDA_COMPILER_VERSION} at ${CMAKE_CUDA_COMPILER}, whose kernels need a newer driver. "
                      "Set CUDA_HOME to a toolkit for CUDA ${FASTMIX_DALI_CUDA} (PyPI has none), install DALI for the newer "
                      "CUDA, or build without kernels: FASTMIX_CMAKE_ARGS=-DFASTMIX_CUDA=OFF")
endif()
find_path(FASTMIX_CUDA_INCLUDE cuda_runtime.h HINTS ${CMAKE_CUDA_TOOLKIT_INCLUDE_DIRECTORIES} REQUIRED NO_DEFAULT_PATH)
find_library(FASTMIX_CUDART_STATIC cudart_static REQUIRED
             HINTS ${FASTMIX_PIP_TOOLKIT}/lib ${CMAKE_CUDA_IMPLICIT_LINK_DIRECTORIES})
