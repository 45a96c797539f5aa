// core_tests runs all tests, core_tests NAME... some, --list names them, --traffic prints the kernels' traffic.
#include <cstring>

#include "check.h"
#include "traffic_table.h"

int main(int argc, char** argv) {
  if (argc == 2 && std::strcmp(argv[1], "--traffic") == 0) {
    fastmix::test::print_traffic();
    return 0;
  }
  const bool list = argc == 2 && std::strcmp(argv[1], "--list") == 0;
  int known = 0;
  for (const fastmix::test::Test& test : fastmix::test::tests()) {
    if (list) {
      std::puts(test.name);
      continue;
    }
    bool named = argc == 1;
    for (int k = 1; k < argc; ++k) named = named || std::strcmp(argv[k], test.name) == 0;
    if (!named) continue;
    ++known;
    test.body();
  }
  if (list || argc == 1 || known == argc - 1) return 0;
  std::fprintf(stderr, "core_tests: no test of such a name; see --list\n");
  return 2;
}
