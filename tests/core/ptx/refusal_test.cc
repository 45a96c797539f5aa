// What stops the interpreter: accesses beyond what a kernel was given, and PTX that it does not know.
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <functional>

#include "check.h"
#include "ptx/program.h"

namespace fastmix::test {
namespace {

bool stops(const std::function<void()>& body) {
  const pid_t child = fork();
  if (child == 0) {
    std::fclose(stderr);
    body();
    _exit(0);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return !WIFEXITED(status) || WEXITSTATUS(status) != 0;
}

void check_stops(const char* lines, const std::vector<uint64_t>& inputs = {}) {
  CHECK(stops([&] { run_ptx(lines, inputs); }), lines, " ran");
}

TEST(ptx_accesses_are_checked) {
  CHECK(!stops([] { run_ptx("mov.u32 %r1, shared;\nst.shared.b64 [%r1+8], %rd1;", {1}); }),
        "a program in order stopped");
  check_stops("mov.u32 %r1, shared;\nst.shared.b64 [%r1+16], %rd1;", {1});
  check_stops("mov.u32 %r1, shared;\nld.shared.b64 %rd0, [%r1+-8];");
  check_stops("mov.u32 %r1, shared;\nld.shared.b64 %rd0, [%r1+4];");
  check_stops("ld.param.b64 %rd0, [test_param_0+8];");
  check_stops("ld.global.b64 %rd0, [%rd9+4];", {1});
  check_stops("ld.global.v2.b64 {%rd0, %rd1}, [%rd9+8];", {1, 2});  // aligned to 8 bytes only, or beyond the end
  check_stops("div.s32 %rd0, %rd1, %rd2;", {1, 0});
}

TEST(ptx_unknown_text_is_refused) {
  check_stops("sin.approx.f32 %rd0, %rd1;", {1});
  check_stops("add.f32 %rd0, %rd1, %rd1;", {1});  // a sum that ptxas may contract
  check_stops("mov.b64 %rd0, %rd11;");
  check_stops("bra $L_nowhere;");
  check_stops(" .local .b8 stack[16];");
  check_stops("bar.sync 1;");
  check_stops("atom.global.add.u32 %rd0, [%rd9], 1;");
}

TEST(ptx_lanes_wait_only_for_lanes_that_come) {
  CHECK(!stops([] { run_ptx("bar.warp.sync 1;"); }), "a warp of one lane waits for nobody");
  check_stops("bar.warp.sync 2;");  // of others
  check_stops("bar.warp.sync 3;");
}

TEST(ptx_arguments_must_fit_the_parameters) {
  CHECK(stops([] {
          ptx::Module module;
          module.add("test.ptx", "\n.visible .entry test(.param .u32 a)\n{\nret;\n}\n");
          const uint64_t value = 0;
          ptx::threads_of(module.kernel("test"), {{&value, sizeof(value)}}, 0);
        }),
        "an argument of another size was taken");
}

}  // namespace
}  // namespace fastmix::test
