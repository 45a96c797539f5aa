// The smallest test harness that does the job: TEST(name) { CHECK(condition, context...); }
#pragma once

#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"

namespace fastmix::test {

struct Test {
  const char* name;
  void (*body)();
};
inline std::vector<Test>& tests() {
  static std::vector<Test> all;
  return all;
}
inline const char*& running() {
  static const char* name = "";
  return name;
}
struct Registration {
  Registration(const char* name, void (*body)()) { tests().push_back({name, body}); }
};

inline void fail(const char* file, int line, const char* condition, const std::string& context) {
  std::fprintf(stderr, "%s:%d: %s: %s does not hold: %s\n", file, line, running(), condition, context.c_str());
  std::exit(1);
}

// What the body throws, or an empty string.
inline std::string message_of(const std::function<void()>& body) {
  try {
    body();
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

}  // namespace fastmix::test

#define TEST(name)                                                                    \
  static void test_##name();                                                          \
  static const ::fastmix::test::Registration registration_##name(#name, test_##name); \
  static void test_##name()

#define CHECK(condition, ...)                                                                                  \
  do {                                                                                                         \
    if (!(condition))                                                                                          \
      ::fastmix::test::fail(__FILE__, __LINE__, #condition, ::fastmix::concat("" __VA_OPT__(, ) __VA_ARGS__)); \
  } while (0)
