// core_tests runs all tests, core_tests NAME... some, --list names them, --traffic prints the kernels' traffic.
// --ptx FOLDER before that runs the kernels from the PTX files there, and --coverage FILE then says what ran of them.
#include <cstring>
#include <string>
#include <vector>

#include "check.h"
#include "ptx/interpreter.h"
#include "traffic_table.h"

namespace {

// The value of an option, which is taken from the arguments; empty without.
std::string take(std::vector<std::string>& arguments, const std::string& option) {
  for (size_t k = 0; k + 1 < arguments.size(); ++k) {
    if (arguments[k] != option) continue;
    const std::string value = arguments[k + 1];
    arguments.erase(arguments.begin() + k, arguments.begin() + k + 2);
    return value;
  }
  return "";
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<std::string> arguments(argv + 1, argv + argc);
  const std::string folder = take(arguments, "--ptx"), coverage = take(arguments, "--coverage");
  if (!folder.empty()) fastmix::ptx::run_kernels_from(folder);
  if (arguments == std::vector<std::string>{"--traffic"}) {
    fastmix::test::print_traffic();
    return 0;
  }
  const bool list = arguments == std::vector<std::string>{"--list"};
  size_t known = 0;
  for (const fastmix::test::Test& test : fastmix::test::tests()) {
    if (list) {
      std::puts(test.name);
      continue;
    }
    bool named = arguments.empty();
    for (const std::string& name : arguments) named = named || name == test.name;
    if (!named) continue;
    ++known;
    fastmix::test::running() = test.name;
    test.body();
  }
  if (!coverage.empty()) fastmix::ptx::write_coverage(coverage);
  if (list || arguments.empty() || known == arguments.size()) return 0;
  std::fprintf(stderr, "core_tests: no test of such a name; see --list\n");
  return 2;
}
