// The interpreter's instructions against what the PTX manual says of them.
#include <bit>
#include <cmath>
#include <limits>
#include <string>

#include "check.h"
#include "ptx/program.h"

namespace fastmix::test {
namespace {

uint64_t bits_of(float value) { return std::bit_cast<uint32_t>(value); }
uint64_t bits_of(double value) { return std::bit_cast<uint64_t>(value); }

struct Example {
  const char* instruction;  // of %rd1, %rd2, ...; its result is in %rd0
  std::vector<uint64_t> inputs;
  uint64_t result;
};

void check_examples(const std::vector<Example>& examples) {
  for (const Example& example : examples) {
    const uint64_t found = run_ptx(example.instruction, example.inputs);
    CHECK(found == example.result, example.instruction, ": got ", found, " instead of ", example.result);
  }
}

// Every register that an instruction takes or gives here has 64 bits; more narrow types read its lowest bits.
TEST(ptx_integers) {
  constexpr uint64_t kMinusOne = ~uint64_t{0};
  check_examples({
      {"add.s32 %rd0, %rd1, %rd2;", {0xffffffff, 2}, 1},
      {"add.s64 %rd0, %rd1, -3;", {1}, static_cast<uint64_t>(-2)},
      {"sub.s16 %rd0, %rd1, %rd2;", {3, 5}, static_cast<uint64_t>(-2)},
      {"mul.lo.s32 %rd0, %rd1, %rd2;", {0x10001, 0x10001}, 0x20001},
      {"mul.wide.u32 %rd0, %rd1, %rd2;", {0xffffffff, 0xffffffff}, 0xfffffffe00000001},
      {"mul.wide.s32 %rd0, %rd1, %rd2;", {0xffffffff, 7}, static_cast<uint64_t>(-7)},
      {"mul.hi.u32 %rd0, %rd1, %rd2;", {0xffffffff, 0xffffffff}, 0xfffffffe},
      {"mul.hi.s32 %rd0, %rd1, %rd2;", {0xffffffff, 7}, ~uint64_t{0}},
      {"mul.hi.u16 %rd0, %rd1, %rd2;", {0xffff, 0xffff}, 0xfffe},
      {"mul.wide.u16 %rd0, %rd1, %rd2;", {0xffff, 0xffff}, 0xfffe0001},
      {"mad.lo.s32 %rd0, %rd1, %rd2, %rd3;", {3, 5, 0xffffffff}, 14},
      {"div.s32 %rd0, %rd1, %rd2;", {static_cast<uint64_t>(-7), 2}, static_cast<uint64_t>(-3)},
      {"div.s32 %rd0, %rd1, %rd2;", {0x80000000, kMinusOne}, 0xffffffff80000000},
      {"rem.s32 %rd0, %rd1, %rd2;", {static_cast<uint64_t>(-7), 2}, kMinusOne},
      {"div.u64 %rd0, %rd1, %rd2;", {kMinusOne, 10}, kMinusOne / 10},
      {"neg.s32 %rd0, %rd1;", {5}, static_cast<uint64_t>(-5)},
      {"min.s32 %rd0, %rd1, %rd2;", {kMinusOne, 1}, kMinusOne},
      {"min.u32 %rd0, %rd1, %rd2;", {kMinusOne, 1}, 1},
      {"max.s64 %rd0, %rd1, %rd2;", {kMinusOne, 1}, 1},
  });
}

TEST(ptx_bits) {
  check_examples({
      {"shl.b32 %rd0, %rd1, %rd2;", {0x80000001, 1}, 2},
      {"shl.b32 %rd0, %rd1, %rd2;", {1, 32}, 0},
      {"shr.u32 %rd0, %rd1, %rd2;", {0x80000000, 31}, 1},
      {"shr.u32 %rd0, %rd1, %rd2;", {0x80000000, 40}, 0},
      {"shr.s32 %rd0, %rd1, %rd2;", {0x80000000, 40}, ~uint64_t{0}},
      {"shf.l.wrap.b32 %rd0, %rd1, %rd2, %rd3;", {0x80000000, 1, 33}, 3},
      {"shf.r.wrap.b32 %rd0, %rd1, %rd2, %rd3;", {2, 1, 1}, 0x80000001},
      {"not.b32 %rd0, %rd1;", {0xff}, 0xffffff00},
      {"bfi.b32 %rd0, %rd1, %rd2, 8, 4;", {0xab, 0xffffffff}, 0xfffffbff},
      {"bfi.b32 %rd0, %rd1, %rd2, 28, 8;", {0xab, 0}, 0xb0000000},
      {"brev.b32 %rd0, %rd1;", {1}, 0x80000000},
      {"bfind.shiftamt.u32 %rd0, %rd1;", {0x00010000}, 15},
      {"bfind.shiftamt.u32 %rd0, %rd1;", {0}, 0xffffffff},
      {"prmt.b32 %rd0, %rd1, %rd2, 0x7440U;", {0x44332211, 0xddccbbaa}, 0xddaaaa11},
      {"prmt.b32 %rd0, %rd1, %rd2, 0x0b03;", {0x84332211, 0}, 0x11ff1184},
  });
}

TEST(ptx_predicates_and_branches) {
  check_examples({
      {"setp.lt.s32 %p1, %rd1, %rd2;\nselp.b32 %rd0, 7, 9, %p1;", {0xffffffff, 0}, 7},
      {"setp.lt.u32 %p1, %rd1, %rd2;\nselp.b32 %rd0, 7, 9, %p1;", {0xffffffff, 0}, 9},
      {"setp.lt.f32 %p1, %rd1, %rd2;\nselp.b32 %rd0, 7, 9, %p1;", {bits_of(NAN), 0}, 9},
      {"setp.ltu.f32 %p1, %rd1, %rd2;\nselp.b32 %rd0, 7, 9, %p1;", {bits_of(NAN), 0}, 7},
      {"setp.neu.f32 %p1, %rd1, %rd1;\nselp.b32 %rd0, 7, 9, %p1;", {bits_of(NAN)}, 7},
      {"setp.ne.f32 %p1, %rd1, %rd1;\nselp.b32 %rd0, 7, 9, %p1;", {bits_of(NAN)}, 9},
      {"setp.equ.f32 %p1, %rd1, %rd2;\nselp.b32 %rd0, 7, 9, %p1;", {bits_of(NAN), 0}, 7},
      {"mov.b64 %rd0, 1;\nsetp.eq.s32 %p1, %rd1, 4;\n@%p1 mov.b64 %rd0, 2;\n@!%p1 mov.b64 %rd0, 3;", {4}, 2},
      {"mov.b64 %rd0, 0;\n$L_1:\nadd.s64 %rd0, %rd0, %rd1;\nadd.s64 %rd1, %rd1, -1;\nsetp.gt.s64 %p1, %rd1, 0;\n"
       "@%p1 bra $L_1;",
       {10},
       55},
      {"setp.eq.s32 %p1, 1, 1;\nsetp.eq.s32 %p2, 1, 2;\nnot.pred %p3, %p2;\nand.pred %p4, %p1, %p3;\n"
       "selp.b32 %rd0, 7, 9, %p4;",
       {},
       7},
  });
}

TEST(ptx_floats) {
  check_examples({
      {"add.rn.f32 %rd0, %rd1, 0f33800000;", {bits_of(1.0f)}, bits_of(1.0f)},
      {"add.rn.f32 %rd0, %rd1, 0f33800001;", {bits_of(1.0f)}, bits_of(1.0f + 0x1p-23f)},
      {"sub.rn.f64 %rd0, %rd1, 0d3FF0000000000000;", {bits_of(3.5)}, bits_of(2.5)},
      {"mul.rn.f32 %rd0, %rd1, %rd2;", {bits_of(HUGE_VALF), 0}, 0x7fffffff},
      {"fma.rn.f32 %rd0, %rd1, %rd1, %rd2;", {bits_of(1 + 0x1p-12f), bits_of(-1 - 0x1p-11f)}, bits_of(0x1p-24f)},
      {"rcp.rn.f64 %rd0, %rd1;", {bits_of(4.0)}, bits_of(0.25)},
      {"sqrt.rn.f32 %rd0, %rd1;", {bits_of(2.0f)}, 0x3fb504f3},
      {"neg.f32 %rd0, %rd1;", {bits_of(0.0f)}, bits_of(-0.0f)},
      {"abs.f64 %rd0, %rd1;", {bits_of(-2.0)}, bits_of(2.0)},
      {"min.f32 %rd0, %rd1, %rd2;", {bits_of(NAN), bits_of(2.0f)}, bits_of(2.0f)},
      {"min.f32 %rd0, %rd1, %rd2;", {0, bits_of(-0.0f)}, bits_of(-0.0f)},
      {"max.f32 %rd0, %rd1, %rd2;", {bits_of(-0.0f), 0}, 0},
  });
}

TEST(ptx_conversions) {
  check_examples({
      {"cvt.s64.s32 %rd0, %rd1;", {0xffffffff}, ~uint64_t{0}},
      {"cvt.u64.u32 %rd0, %rd1;", {0x1ffffffff}, 0xffffffff},
      {"cvt.u32.u8 %rd0, %rd1;", {0x1ff}, 0xff},
      {"cvt.rn.f32.u32 %rd0, %rd1;", {0x01000001}, bits_of(0x1p24f)},
      {"cvt.rn.f32.f64 %rd0, %rd1;", {bits_of(1 + 0x1p-24 + 0x1p-50)}, bits_of(1 + 0x1p-23f)},
      {"cvt.rm.f32.f64 %rd0, %rd1;", {bits_of(1 + 0x1.8p-24)}, bits_of(1.0f)},
      {"cvt.rp.f32.f64 %rd0, %rd1;", {bits_of(1 + 0x1p-50)}, bits_of(1 + 0x1p-23f)},
      {"cvt.rp.f32.f64 %rd0, %rd1;", {bits_of(-1 - 0x1p-50)}, bits_of(-1.0f)},
      {"cvt.rzi.s64.f64 %rd0, %rd1;", {bits_of(-0x1.8p33)}, static_cast<uint64_t>(-0x300000000)},
      {"cvt.f64.f32 %rd0, %rd1;", {bits_of(0.1f)}, bits_of(static_cast<double>(0.1f))},
      {"cvt.rzi.s32.f32 %rd0, %rd1;", {bits_of(-2.9f)}, static_cast<uint64_t>(-2)},
      {"cvt.rzi.s32.f32 %rd0, %rd1;", {bits_of(1e20f)}, 0x7fffffff},
      {"cvt.rzi.u32.f32 %rd0, %rd1;", {bits_of(-1.0f)}, 0},
      {"cvt.rzi.s32.f64 %rd0, %rd1;", {bits_of(std::nan(""))}, 0},
      {"cvt.rn.f16x2.f32 %rd0, %rd1, %rd2;", {bits_of(1.0f), bits_of(2.0f)}, 0x3c004000},
      {"cvt.rn.bf16x2.f32 %rd0, %rd1, %rd2;", {bits_of(1.0f), bits_of(2.0f)}, 0x3f804000},
      {"cvt.rn.f16.f32 %rd0, %rd1;", {bits_of(65519.0f)}, 0x7bff},
      {"cvt.rn.f16.f32 %rd0, %rd1;", {bits_of(65520.0f)}, 0x7c00},
      {"cvt.rn.f16.f32 %rd0, %rd1;", {bits_of(0x1p-25f)}, 0},
      {"cvt.rn.f16.f32 %rd0, %rd1;", {bits_of(0x1.8p-25f)}, 1},
      {"cvt.rn.bf16.f32 %rd0, %rd1;", {0xff7fffff}, 0xff80},
      {"cvt.rn.bf16.f32 %rd0, %rd1;", {bits_of(NAN)}, 0x7fff},
      {"cvt.f32.f16 %rd0, %rd1;", {0x0001}, bits_of(0x1p-24f)},
  });
}

TEST(ptx_moves) {
  check_examples({
      {"mov.b64 {%r1, %r2}, %rd1;\nmov.b64 %rd0, {%r2, %r1};", {0x0000000100000002}, 0x0000000200000001},
      {"mov.b32 {%rs1, %rs2}, %rd1;\nmov.b32 %rd0, {%rs2, %rs1};", {0xaaaabbbb}, 0xbbbbaaaa},
      {"{ .reg .b16 tmp; mov.b32 {tmp, %rs1}, %rd1; }\ncvt.u64.u16 %rd0, %rs1;", {0xaaaabbbb}, 0xaaaa},
      {"mov.u32 %r1, %ntid.x;\ncvt.u64.u32 %rd0, %r1;", {}, 1},
      {"mov.u32 %r1, shared;\nst.shared.b32 [%r1+4], 77;\nld.shared.u32 %rd0, [%r1+4];", {}, 77},
      {"mov.u32 %r1, shared;\nst.shared.b32 [%r1], 5;\natom.shared.add.u32 %r2, [%r1], %rd1;\n"
       "ld.shared.u32 %rd0, [%r1];\nmov.b64 %rd0, {%rd0, %r2};",
       {7},
       0x000000050000000c},
      {"ld.global.v2.b64 {%rd0, %rd3}, [%rd9+16];\nadd.s64 %rd0, %rd0, %rd3;", {1, 2, 3}, 5},
  });
}

}  // namespace
}  // namespace fastmix::test
