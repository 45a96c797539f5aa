// Cuts PTX into statements.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace fastmix::ptx {

struct Statement {
  enum Kind { kInstruction, kDirective, kLabel, kOpen, kClose, kEnd } kind = kEnd;
  std::string text;   // with single blanks, without its semicolon or, of a label, its colon
  uint32_t line = 0;  // of its first character, from 1
};

class Scanner {
 public:
  Scanner(std::string_view text, uint32_t first_line) : text_(text), line_(first_line) {}
  Statement next();

 private:
  void skip_blanks();

  std::string_view text_;
  size_t at_ = 0;
  uint32_t line_;
};

std::string trimmed(std::string_view text);

// "a, {b, c}, [d+4]" has three parts.
std::vector<std::string> split_operands(std::string_view text);

}  // namespace fastmix::ptx
