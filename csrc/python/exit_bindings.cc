#include "exit_bindings.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <cstdlib>
#include <exception>

namespace fastmix {

namespace {

// For the main thread, what happens without a handler.
void hold_other_threads() {
  while (syscall(SYS_gettid) != getpid()) pause();
  std::abort();
}

// Runs before the exit handlers that were registered earlier, destructors of C++ libraries among them.
void end_now(int status, void*) { _exit(status); }

}  // namespace

void bind_exit(pybind11::module_& module) {
  module.def(
      "end_without_destructors", [] { on_exit(end_now, nullptr); },
      "Make this process end without running the exit handlers of C++ libraries.");
  // Python ends a thread that returns to it when the interpreter is gone, by unwinding its stack. A C++ function that
  // must not throw, such as a destructor, then calls std::terminate.
  module.def(
      "hold_returning_threads", [] { std::set_terminate(hold_other_threads); },
      "Make threads wait that return to an interpreter which is gone, in place of ending the process.");
}

}  // namespace fastmix
