// The operations by name ("add.s32", "ld.global.u32"), one file for each kind of them.
#pragma once

#include <string>
#include <type_traits>
#include <unordered_map>
#include <vector>

#include "ptx/machine.h"

namespace fastmix::ptx {

using Table = std::unordered_map<std::string, Operation>;

void add_integer_operations(Table& table);
void add_bit_operations(Table& table);
void add_float_operations(Table& table);
void add_comparisons(Table& table);
void add_conversions(Table& table);
void add_moves(Table& table);
void add_memory_operations(Table& table);
void add_control(Table& table);

// Null where the interpreter does not know it.
Operation find_operation(const std::string& name);

// What PTX calls a type: uint32_t is u32 and b32.
template <typename T>
std::vector<std::string> type_names() {
  const std::string bits = std::to_string(8 * sizeof(T));
  if constexpr (std::is_floating_point_v<T>) return {"f" + bits};
  if constexpr (std::is_signed_v<T>) return {"s" + bits};
  return {"u" + bits, "b" + bits};
}

template <typename T>
void put(Table& table, const std::string& name, Operation operation) {
  for (const std::string& type : type_names<T>()) table[name + "." + type] = operation;
}

// Operations of one, two and three operands of one type, made from a function of values.
template <typename T, auto kFunction>
void unary(const Instruction& i, Thread& t) {
  t.set(i.to[0], kFunction(t.get<T>(i.from[0])));
}
template <typename T, auto kFunction>
void binary(const Instruction& i, Thread& t) {
  t.set(i.to[0], kFunction(t.get<T>(i.from[0]), t.get<T>(i.from[1])));
}
template <typename T, auto kFunction>
void ternary(const Instruction& i, Thread& t) {
  t.set(i.to[0], kFunction(t.get<T>(i.from[0]), t.get<T>(i.from[1]), t.get<T>(i.from[2])));
}

template <auto kFunction, typename... Types>
void put_unary(Table& table, const std::string& name) {
  (put<Types>(table, name, unary<Types, kFunction>), ...);
}
template <auto kFunction, typename... Types>
void put_binary(Table& table, const std::string& name) {
  (put<Types>(table, name, binary<Types, kFunction>), ...);
}
template <auto kFunction, typename... Types>
void put_ternary(Table& table, const std::string& name) {
  (put<Types>(table, name, ternary<Types, kFunction>), ...);
}

}  // namespace fastmix::ptx
