// Loads and stores of up to 16 bytes. Kernels access image memory only through these, so that the host shim of the
// tests can count the accesses.
#pragma once

#include <cstdint>
#include <type_traits>

#include "cuda/launch.h"
#include "formula/mix_math.h"

namespace fastmix {

template <int kWords>
struct Words {
  uint32_t word[kWords];
};

template <int kBytes>
constexpr int kWordsOf = (kBytes + 3) / 4;

// One load of 1, 2, 4, 8 or 16 bytes; the address must be a multiple of the size. store_global() is the counterpart.
template <int kBytes>
__device__ __forceinline__ Words<kWordsOf<kBytes>> load_global(const void* address) {
#if defined(__CUDACC__)
  // The address comes from the plan, so the compiler cannot see that it is in global memory.
  __builtin_assume(__isGlobal(address));
#else
  host_cuda::note_read(address, kBytes);
#endif
  if constexpr (kBytes == 16) {
    const uint4 v = *static_cast<const uint4*>(address);
    return {{v.x, v.y, v.z, v.w}};
  } else if constexpr (kBytes == 8) {
    const uint2 v = *static_cast<const uint2*>(address);
    return {{v.x, v.y}};
  } else if constexpr (kBytes == 4) {
    return {{*static_cast<const uint32_t*>(address)}};
  } else if constexpr (kBytes == 2) {
    return {{*static_cast<const uint16_t*>(address)}};
  } else {
    static_assert(kBytes == 1);
    return {{*static_cast<const uint8_t*>(address)}};
  }
}

template <int kBytes>
__device__ __forceinline__ void store_global(void* address, const Words<kWordsOf<kBytes>>& value) {
#if defined(__CUDACC__)
  __builtin_assume(__isGlobal(address));
#else
  host_cuda::note_write(address, kBytes);
#endif
  if constexpr (kBytes == 16) {
    *static_cast<uint4*>(address) = make_uint4(value.word[0], value.word[1], value.word[2], value.word[3]);
  } else if constexpr (kBytes == 8) {
    *static_cast<uint2*>(address) = make_uint2(value.word[0], value.word[1]);
  } else if constexpr (kBytes == 4) {
    *static_cast<uint32_t*>(address) = value.word[0];
  } else if constexpr (kBytes == 2) {
    *static_cast<uint16_t*>(address) = static_cast<uint16_t>(value.word[0]);
  } else {
    static_assert(kBytes == 1);
    *static_cast<uint8_t*>(address) = static_cast<uint8_t>(value.word[0]);
  }
}

// Hides from the compiler where these bits come from. Otherwise it would keep the converted values (32 registers of
// float64 for 16 bytes of uint8) until the vector's next use, and spill registers.
__device__ __forceinline__ void hide_origin(uint32_t& word) {
#if defined(__CUDA_ARCH__)
  asm volatile("" : "+r"(word));
#else
  (void)word;
#endif
}

// Element j of a vector. Extracts it by shifts, because the compiler would put an array of elements into local memory.
template <typename T, int kWords>
__device__ __forceinline__ T element(const Words<kWords>& vector, int j) {
  if constexpr (sizeof(T) == 8) {
    return bit_cast<T>(static_cast<uint64_t>(vector.word[2 * j + 1]) << 32 | vector.word[2 * j]);
  } else if constexpr (sizeof(T) == 4) {
    return bit_cast<T>(vector.word[j]);
  } else if constexpr (sizeof(T) == 2) {
    return bit_cast<T>(static_cast<uint16_t>(vector.word[j / 2] >> (16 * (j % 2))));
  } else {
    return bit_cast<T>(static_cast<uint8_t>(vector.word[j / 4] >> (8 * (j % 4))));
  }
}

// Sets element j of a vector. The bits of that element must be zero before.
template <typename T, int kWords>
__device__ __forceinline__ void put_element(Words<kWords>& vector, int j, T value) {
  if constexpr (sizeof(T) == 8) {
    const uint64_t bits = bit_cast<uint64_t>(value);
    vector.word[2 * j] = static_cast<uint32_t>(bits);
    vector.word[2 * j + 1] = static_cast<uint32_t>(bits >> 32);
  } else if constexpr (sizeof(T) == 4) {
    vector.word[j] = bit_cast<uint32_t>(value);
  } else if constexpr (sizeof(T) == 2) {
    vector.word[j / 2] |= static_cast<uint32_t>(bit_cast<uint16_t>(value)) << (16 * (j % 2));
  } else {
    vector.word[j / 4] |= static_cast<uint32_t>(bit_cast<uint8_t>(value)) << (8 * (j % 4));
  }
}

// Read and write word `index` of a vector by comparing every index. Plain indexing with an index that the compiler does
// not know would put the vector into local memory.
template <int kWords>
__device__ __forceinline__ uint32_t word_at(const Words<kWords>& vector, int index) {
  uint32_t word = vector.word[0];
#pragma unroll
  for (int w = 1; w < kWords; ++w) word = index == w ? vector.word[w] : word;
  return word;
}
template <int kWords>
__device__ __forceinline__ void set_word(Words<kWords>& vector, int index, uint32_t value) {
#pragma unroll
  for (int w = 0; w < kWords; ++w) vector.word[w] = index == w ? value : vector.word[w];
}
// Replaces element j. The compiler need not know j, since set_word() compares every index.
template <typename T, int kWords>
__device__ __forceinline__ void set_element(Words<kWords>& vector, int j, T value) {
  Words<(sizeof(T) + 3) / 4> alone = {};
  put_element(alone, 0, value);
  if constexpr (sizeof(T) >= 4) {
#pragma unroll
    for (int s = 0; s < static_cast<int>(sizeof(T)) / 4; ++s)
      set_word(vector, j * static_cast<int>(sizeof(T)) / 4 + s, alone.word[s]);
  } else {
    constexpr int kEach = 4 / static_cast<int>(sizeof(T)), kBits = 32 / kEach;
    const int word = j / kEach, shift = j % kEach * kBits;
    set_word(vector, word, (word_at(vector, word) & ~(((1u << kBits) - 1u) << shift)) | alone.word[0] << shift);
  }
}

// Returns the float 2^23 + x for the byte x at index j of a vector, like biased() in formula/mix_math.h, by one byte
// permutation. Pass kByteBias as `bias` from the kernel's arguments, so that the compiler does not know its value. The
// instruction has one immediate operand, which the byte selector should take. A known bias would become the immediate,
// and the selector would cost a register and an instruction.
template <int kWords>
__device__ __forceinline__ float biased_byte(const Words<kWords>& vector, int j, uint32_t bias) {
#if defined(__CUDA_ARCH__)
  return bit_cast<float>(__byte_perm(vector.word[j / 4], bias, 0x7440u | static_cast<uint32_t>(j % 4)));
#else
  return bit_cast<float>(bias | element<uint8_t>(vector, j));
#endif
}
// Packs the lowest bytes of four words into one word.
__device__ __forceinline__ uint32_t lowest_bytes(const uint32_t (&words)[4]) {
#if defined(__CUDA_ARCH__)
  return __byte_perm(__byte_perm(words[0], words[1], 0x0040u), __byte_perm(words[2], words[3], 0x0040u), 0x5410u);
#else
  return (words[0] & 255u) | (words[1] & 255u) << 8 | (words[2] & 255u) << 16 | words[3] << 24;
#endif
}

// Rounds two float32 to 16-bit floats (nearest, ties to even) and packs them into one word.
template <typename T>
__device__ __forceinline__ uint32_t narrow_pair(float low, float high) {
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 800
  uint32_t word;
  if constexpr (std::is_same<T, Half>::value) {
    asm("cvt.rn.f16x2.f32 %0, %1, %2;" : "=r"(word) : "f"(high), "f"(low));
  } else {
    asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(word) : "f"(high), "f"(low));
  }
  return word;
#else
  return narrow_float<T>(low).bits | static_cast<uint32_t>(narrow_float<T>(high).bits) << 16;
#endif
}

// `pair` holds two 16-bit floats. Sets the top bit of each float that is infinite or NaN, that is, has all exponent
// bits set.
template <typename T>
__device__ __forceinline__ uint32_t not_finite(uint32_t pair) {
  constexpr uint32_t kLastExponentBit = std::is_same<T, Half>::value ? 0x04000400u : 0x00800080u;
  return ((pair & 0x7fff7fffu) + kLastExponentBit) & 0x80008000u;
}

__device__ __forceinline__ int lowest_bit(uint32_t bits) {
#if defined(__CUDA_ARCH__)
  return __ffs(static_cast<int>(bits)) - 1;
#else
  return __builtin_ctz(bits);
#endif
}

}  // namespace fastmix
