#include "ptx/parser.h"

#include <cctype>
#include <regex>
#include <unordered_map>
#include <utility>

#include "ptx/operations.h"
#include "ptx/scanner.h"

namespace fastmix::ptx {

namespace {

// What registers hold before they are written: no sensible number, and as a predicate true.
constexpr uint64_t kUnwritten = 0xa5c3a5c3a5c3a5c3u;

class Parser {
 public:
  explicit Parser(const KernelText& text) : text_(text) {
    kernel_.name = text.name;
    kernel_.file = text.file;
    static uint64_t parsed = 0;
    kernel_.number = ++parsed;
    for (const char* special : {"%tid", "%ctaid", "%ntid", "%nctaid"}) {
      for (const char* axis : {".x", ".y", ".z"}) declare(std::string(special) + axis, 0);
    }
    for (const std::string& name : text.shared_names) declare(name, kSharedBase);
    for (const std::string& parameter : split_operands(text.parameters)) declare_parameter(parameter);
  }

  Kernel parse() {
    Scanner scanner(text_.body, text_.body_line);
    int depth = 0;
    do {
      statement_ = scanner.next();
      if (statement_.kind == Statement::kOpen) ++depth;
      if (statement_.kind == Statement::kClose) --depth;
      if (statement_.kind == Statement::kEnd) fail("the file ends within a kernel");
      if (statement_.kind == Statement::kLabel) labels_[statement_.text] = static_cast<uint32_t>(kernel_.code.size());
      if (statement_.kind == Statement::kDirective) directive();
      if (statement_.kind == Statement::kInstruction) instruction();
    } while (depth > 0);
    for (const auto& [index, label] : branches_) {
      if (labels_.count(label) == 0) fail("no label " + label);
      kernel_.code[index].target = labels_[label];
    }
    kernel_.runs.resize(kernel_.code.size());
    return std::move(kernel_);
  }

 private:
  [[noreturn]] void fail(const std::string& what) const {
    ptx::fail(text_.file + ":" + std::to_string(statement_.line) + ": " + what + ": " + statement_.text);
  }

  int32_t declare(const std::string& name, uint64_t value) {
    kernel_.slots.push_back(value);
    return slots_[name] = static_cast<int32_t>(kernel_.slots.size()) - 1;
  }

  // ".param .align 8 .b8 name[56]" or ".param .u64 name".
  void declare_parameter(const std::string& parameter) {
    std::smatch found;
    if (!std::regex_match(parameter, found, std::regex(R"(\.param\s.*\.[a-z]+(\d+)\s+([\w$]+)(?:\[(\d+)\])?)")))
      fail("not a parameter: " + parameter);
    kernel_.parameter_bytes.push_back(std::stoul(found[1]) / 8 * (found[3].matched ? std::stoul(found[3]) : 1));
    kernel_.parameter_slots.push_back(declare(found[2], 0));
  }

  // ".reg .b32 %r<25>" declares %r0 to %r24, ".reg .b16 tmp" one register.
  void directive() {
    if (statement_.text.rfind(".pragma", 0) == 0) return;
    std::smatch found;
    if (!std::regex_match(statement_.text, found, std::regex(R"(\.reg\s+\.\w+\s+(%?[\w$]+)(?:<(\d+)>)?)")))
      fail("a directive that the interpreter does not know");
    if (!found[2].matched) declare(found[1], kUnwritten);
    for (unsigned long k = 0; found[2].matched && k < std::stoul(found[2]); ++k)
      declare(std::string(found[1]) + std::to_string(k), kUnwritten);
  }

  int32_t slot(const std::string& operand) {
    if (operand == "_") return kNoSlot;
    if (const auto found = slots_.find(operand); found != slots_.end()) return found->second;
    return declare(operand, constant(operand));
  }

  // Floats are written by their bits: 0f3F800000, 0d3FF0000000000000.
  uint64_t constant(const std::string& operand) const {
    static const std::regex bits("0[fFdD][0-9a-fA-F]+"), integer("-?(0x[0-9a-fA-F]+|[0-9]+)U?");
    if (std::regex_match(operand, bits)) return std::stoull(operand.substr(2), nullptr, 16);
    if (!std::regex_match(operand, integer)) fail("an operand that is not declared, " + operand);
    return operand[0] == '-' ? -std::stoull(operand.substr(1), nullptr, 0) : std::stoull(operand, nullptr, 0);
  }

  void vector(const std::string& operand, int32_t* slots, uint8_t* lanes) {
    if (operand[0] != '{') {
      slots[0] = slot(operand);
      return;
    }
    const std::vector<std::string> parts = split_operands(std::string_view(operand).substr(1, operand.size() - 2));
    if (parts.size() > 4) fail("a vector of more than four registers");
    *lanes = static_cast<uint8_t>(parts.size());
    for (size_t k = 0; k < parts.size(); ++k) slots[k] = slot(parts[k]);
  }

  // "[%rd1+-16]" or "[name]".
  void address(const std::string& operand, Instruction& into) {
    const std::string inner = operand.substr(1, operand.size() - 2);
    const size_t plus = inner.find('+');
    into.from[0] = slot(trimmed(inner.substr(0, plus)));
    if (plus != std::string::npos) into.offset = std::stoll(inner.substr(plus + 1), nullptr, 0);
  }

  static std::pair<std::string, std::string> first_word(const std::string& text) {
    const size_t end = text.find(' ');
    if (end == std::string::npos) return {text, ""};
    return {text.substr(0, end), trimmed(std::string_view(text).substr(end))};
  }

  void instruction() {
    Instruction parsed;
    auto [name, rest] = first_word(statement_.text);
    if (name[0] == '@') {
      parsed.guard_value = name[1] != '!';
      parsed.guard = slot(name.substr(parsed.guard_value ? 1 : 2));
      std::tie(name, rest) = first_word(rest);
    }
    const std::vector<std::string> operands = split_operands(rest);
    const bool load = name.rfind("ld.", 0) == 0, store = name.rfind("st.", 0) == 0;
    if (load || store) {
      if (operands.size() != 2) fail("expected two operands");
      vector(operands[load ? 0 : 1], parsed.to, &parsed.lanes);
      address(operands[load ? 1 : 0], parsed);
      const std::string lanes = ".v" + std::to_string(parsed.lanes);
      if (const size_t at = name.find(lanes); at != std::string::npos) name.erase(at, lanes.size());
    } else if (name.rfind("atom.", 0) == 0) {
      if (operands.size() != 3) fail("expected three operands");
      parsed.to[0] = slot(operands[0]);
      address(operands[1], parsed);
      parsed.from[1] = slot(operands[2]);
    } else if (name.rfind("bra", 0) == 0) {
      branches_.emplace_back(kernel_.code.size(), operands.at(0));
    } else if (name == "bar.sync") {
      if (operands != std::vector<std::string>{"0"}) fail("expected a barrier of the whole block");
    } else if (name == "bar.warp.sync") {
      parsed.from[0] = slot(operands.at(0));
    } else if (!operands.empty()) {
      vector(operands[0], parsed.to, &parsed.lanes);
      if (parsed.lanes > 1) name = "un" + pack_name(name);
      if (operands.size() > 5) fail("more than four operands");
      if (operands.size() == 2 && operands[1][0] == '{') name = pack_name(name);
      for (size_t k = 1; k < operands.size(); ++k) vector(operands[k], parsed.from + (k - 1), &parsed.lanes);
    }
    parsed.run = find_operation(name);
    if (parsed.run == nullptr) fail("an operation that the interpreter does not know, " + name);
    kernel_.code.push_back(parsed);
    kernel_.origins.push_back({statement_.text, statement_.line});
  }

  std::string pack_name(const std::string& name) const {
    if (name.rfind("mov.", 0) != 0) fail("a vector where none is expected");
    return "pack" + name.substr(3);
  }

  const KernelText& text_;
  Kernel kernel_;
  Statement statement_;
  std::unordered_map<std::string, int32_t> slots_;
  std::unordered_map<std::string, uint32_t> labels_;
  std::vector<std::pair<size_t, std::string>> branches_;
};

}  // namespace

Kernel parse(const KernelText& text) { return Parser(text).parse(); }

}  // namespace fastmix::ptx
