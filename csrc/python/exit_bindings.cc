#include "exit_bindings.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <cstdlib>
#include <exception>

namespace fastmix {

namespace {

// The handler that std::terminate() calls. The main thread aborts, as it would without a handler. Any other thread
// waits until the process ends.
void hold_other_threads() {
  while (syscall(SYS_gettid) != getpid()) pause();
  std::abort();
}

// Exit handlers run in reverse order of registration. This one ends the process before the handlers that C++ libraries
// registered earlier, such as destructors of their static objects.
void end_now(int status, void*) { _exit(status); }

}  // namespace

void bind_exit(pybind11::module_& module) {
  module.def(
      "end_without_destructors", [] { on_exit(end_now, nullptr); },
      "Make this process end without running the exit handlers of C++ libraries.");
  // If a thread returns to Python after the interpreter has shut down, Python ends the thread by unwinding its stack.
  // Unwinding through a C++ function that must not throw, such as a destructor, calls std::terminate.
  module.def(
      "hold_returning_threads", [] { std::set_terminate(hold_other_threads); },
      "Make threads that return to Python after its shutdown wait, instead of ending the process.");
}

}  // namespace fastmix
