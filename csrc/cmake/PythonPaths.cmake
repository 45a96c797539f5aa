# Asks FASTMIX_PYTHON where its packages lie. Only paths: no find_package(Torch), which insists on a CUDA
# toolkit of the wheel's own version.
function(fastmix_python result code)
  execute_process(COMMAND ${FASTMIX_PYTHON} -c "${code}" OUTPUT_VARIABLE output ERROR_VARIABLE error
                  RESULT_VARIABLE status OUTPUT_STRIP_TRAILING_WHITESPACE)
  if(NOT status EQUAL 0)
    message(FATAL_ERROR "'${FASTMIX_PYTHON} -c \"${code}\"' failed:\n${error}")
  endif()
  set(${result} "${output}" PARENT_SCOPE)
endfunction()

fastmix_python(FASTMIX_TORCH_DIR "import importlib.util as u; print(u.find_spec('torch').submodule_search_locations[0])")
