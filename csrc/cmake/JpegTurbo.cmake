# FASTMIX_JPEG_LIBRARY: libjpeg-turbo 2.0 or newer, the archive where it is position independent, else the shared
# library; empty where there is none, or FASTMIX_JPEG is OFF. FASTMIX_JPEG_INTERNALS: whether jpegint.h is there, too.
include(CheckCXXSourceCompiles)
set(FASTMIX_JPEG AUTO CACHE STRING "Decode JPEGs with libjpeg-turbo: AUTO where its headers are, ON or OFF")
set_property(CACHE FASTMIX_JPEG PROPERTY STRINGS AUTO ON OFF)
set(FASTMIX_JPEG_LIBRARY "")
if(FASTMIX_JPEG STREQUAL "OFF")
  return()
endif()

# Headers and libraries may have changed since the last configuration.
foreach(result SHARED_WORKS ARCHIVE_WORKS INTERNALS)
  unset(FASTMIX_JPEG_${result} CACHE)
endforeach()
find_package(JPEG QUIET)
if(JPEG_FOUND)
  set(source "#include <cstdio>
    #include <jpeglib.h>
    #if LIBJPEG_TURBO_VERSION_NUMBER < 2000000
    #error too old, or another library
    #endif
    extern \"C\" int f(jpeg_decompress_struct* jpeg) {
      jpeg_error_mgr errors;
      jpeg->err = jpeg_std_error(&errors);
      jpeg_create_decompress(jpeg);
      JDIMENSION at = 0;
      jpeg_mem_src(jpeg, nullptr, 0);
      jpeg_crop_scanline(jpeg, &at, &at);
      return jpeg_skip_scanlines(jpeg, 1);
    }
    int main() { return 0; }")
  set(CMAKE_REQUIRED_INCLUDES ${JPEG_INCLUDE_DIRS})
  set(CMAKE_REQUIRED_FLAGS -fPIC)
  # As it will be linked. Some distributions' archives are for programs only.
  set(CMAKE_REQUIRED_LINK_OPTIONS -shared -Wl,--no-undefined)
  list(GET JPEG_LIBRARIES 0 shared)
  string(REGEX REPLACE "\\.so$" ".a" archive "${shared}")
  set(CMAKE_REQUIRED_LIBRARIES ${shared})
  check_cxx_source_compiles("${source}" FASTMIX_JPEG_SHARED_WORKS)
  if(EXISTS ${archive})
    set(CMAKE_REQUIRED_LIBRARIES ${archive})
    check_cxx_source_compiles("${source}" FASTMIX_JPEG_ARCHIVE_WORKS)
  endif()
  if(FASTMIX_JPEG_ARCHIVE_WORKS)
    set(FASTMIX_JPEG_LIBRARY ${archive})
  elseif(FASTMIX_JPEG_SHARED_WORKS)
    set(FASTMIX_JPEG_LIBRARY ${shared})
  endif()
  unset(CMAKE_REQUIRED_LINK_OPTIONS)
  unset(CMAKE_REQUIRED_LIBRARIES)
  check_cxx_source_compiles("#include <cstdio>
    #include <jpeglib.h>
    extern \"C\" {
    #define JPEG_INTERNALS
    #include <jpegint.h>
    }
    int main() { return sizeof(jpeg_entropy_decoder) == 0; }" FASTMIX_JPEG_INTERNALS)
  unset(CMAKE_REQUIRED_INCLUDES)
  unset(CMAKE_REQUIRED_FLAGS)
endif()

if(FASTMIX_JPEG_LIBRARY)
  message(STATUS "fastmix: JPEGs are decoded with ${FASTMIX_JPEG_LIBRARY}")
else()
  set(missing "found no libjpeg-turbo >= 2.0 with headers (apt-get install libjpeg62-turbo-dev, Ubuntu: \
libjpeg-turbo8-dev)")
  if(FASTMIX_JPEG STREQUAL "ON")
    message(FATAL_ERROR "fastmix: FASTMIX_JPEG=ON, but ${missing}")
  endif()
  message(STATUS "fastmix: ${missing}; DALI will decode JPEGs, which takes longer")
endif()
