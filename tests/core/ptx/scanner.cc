#include "ptx/scanner.h"

#include <algorithm>
#include <cctype>

namespace fastmix::ptx {

namespace {

bool blank(char c) { return std::isspace(static_cast<unsigned char>(c)) != 0; }
bool of_name(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '$'; }

}  // namespace

void Scanner::skip_blanks() {
  while (at_ < text_.size()) {
    if (text_.substr(at_, 2) == "//") {
      at_ = std::min(text_.find('\n', at_), text_.size());
    } else if (blank(text_[at_])) {
      line_ += text_[at_++] == '\n';
    } else {
      return;
    }
  }
}

Statement Scanner::next() {
  skip_blanks();
  Statement found{Statement::kEnd, "", line_};
  if (at_ == text_.size()) return found;
  if (text_[at_] == '{' || text_[at_] == '}') {
    found.kind = text_[at_++] == '{' ? Statement::kOpen : Statement::kClose;
    return found;
  }
  found.kind = text_[at_] == '.' ? Statement::kDirective : Statement::kInstruction;
  while (at_ < text_.size() && text_[at_] != ';') {
    if (text_[at_] == ':' && std::all_of(found.text.begin(), found.text.end(), of_name)) {
      found.kind = Statement::kLabel;
      break;
    }
    if (!blank(text_[at_])) {
      found.text += text_[at_];
    } else if (found.text.back() != ' ') {
      found.text += ' ';
    }
    line_ += text_[at_++] == '\n';
  }
  at_ += at_ < text_.size();
  if (!found.text.empty() && found.text.back() == ' ') found.text.pop_back();
  return found;
}

std::string trimmed(std::string_view text) {
  while (!text.empty() && blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && blank(text.back())) text.remove_suffix(1);
  return std::string(text);
}

std::vector<std::string> split_operands(std::string_view text) {
  std::vector<std::string> parts;
  int depth = 0;
  size_t begin = 0;
  for (size_t k = 0; k <= text.size(); ++k) {
    const char c = k < text.size() ? text[k] : ',';
    depth += (c == '{' || c == '[') - (c == '}' || c == ']');
    if (c != ',' || (depth > 0 && k < text.size())) continue;
    const std::string part = trimmed(text.substr(begin, k - begin));
    if (!part.empty()) parts.push_back(part);
    begin = k + 1;
  }
  return parts;
}

}  // namespace fastmix::ptx
