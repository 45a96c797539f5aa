// Compiles the .cu files with g++ and runs them: the words of CUDA that they use, on one processor.
//
// Every thread of a block is a fiber. Between two barriers they run in random order, and may be interrupted at
// every access to global memory, so code that relies on an order shows wrong results under some seed. Accesses
// are checked for alignment and, inside watched memory, counted byte by byte.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <memory>
#include <set>
#include <tuple>
#include <vector>

#define __global__
#define __device__
#define __host__
#define __grid_constant__
#define __forceinline__ inline __attribute__((always_inline))
#define __launch_bounds__(...)

struct dim3 {
  uint32_t x, y, z;
  constexpr dim3(uint32_t x_ = 1, uint32_t y_ = 1, uint32_t z_ = 1) : x(x_), y(y_), z(z_) {}
};
struct alignas(8) uint2 {
  uint32_t x, y;
};
struct alignas(16) uint4 {
  uint32_t x, y, z, w;
};
inline uint2 make_uint2(uint32_t x, uint32_t y) { return {x, y}; }
inline uint4 make_uint4(uint32_t x, uint32_t y, uint32_t z, uint32_t w) { return {x, y, z, w}; }

struct CUstream_st;
using cudaStream_t = CUstream_st*;
enum cudaError_t { cudaSuccess = 0, cudaErrorInvalidValue = 1, cudaErrorInsufficientDriver = 35 };
enum cudaStreamCaptureStatus { cudaStreamCaptureStatusNone = 0, cudaStreamCaptureStatusActive = 1 };
enum cudaMemcpyKind { cudaMemcpyHostToDevice = 1 };

namespace fastmix::host_cuda {

// Far below the 65,535 of CUDA, so that plans of a few hundred samples need the kernels' loops over the grid.
constexpr uint32_t kMaxGridY = 7;

// ---- what a test sets and reads -------------------------------------------------------------------------------

struct Parameter {
  const void* data;
  size_t bytes;
};
using ThreadBody = std::function<void()>;

// Where a thread stands when another one's turn comes.
enum class State { kReady, kAtBarrier, kAtWarpBarrier, kDone };

// A thread that keeps its own place and needs no stack: run() returns at barriers and where it is interrupted.
class Resumable {
 public:
  virtual ~Resumable() = default;
  virtual State run() = 0;
};
using NewThread = std::function<std::unique_ptr<Resumable>()>;

struct Settings {
  uint64_t seed = 1;
  uint32_t interrupt_one_in = 0;         // of the accesses to global memory; 0: never
  bool barriers = true;                  // false plants the bug that the search for races must find
  cudaError_t next_error = cudaSuccess;  // what the next launch reports
  bool capturing = false;
  // What the threads run instead of the function that g++ compiled; see ptx/interpreter.h.
  std::function<NewThread(const void* kernel, const std::vector<Parameter>&, size_t shared_bytes)> substitute;
};
Settings& settings();

struct Counters {
  uint64_t launches = 0, uploads = 0;
  dim3 last_grid, last_block;
  size_t last_shared = 0;
  int64_t live_uploads = 0;
  size_t largest_copy = 0;
};
Counters& counters();

// Counts the reads and writes of every byte of [base, base + size) while it lives.
class Watch {
 public:
  Watch(const void* base, size_t size);
  ~Watch();
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;

  // The bytes of all sectors that the warps' stores touched: more than were written if a store fills a part of one.
  uint64_t sector_bytes() const;
  // The same of loads.
  uint64_t loaded_sector_bytes() const;

  const unsigned char* base;
  std::vector<uint16_t> reads, writes;
  // One number for each store or load of a warp and sector that it touched.
  using Sectors = std::set<std::tuple<uint64_t, uint32_t, uint32_t, uint32_t, size_t>>;
  Sectors sectors, loaded_sectors;
};

// ---- what the kernels use -------------------------------------------------------------------------------------

struct Place {
  dim3 thread, block, block_dim, grid_dim;
};
extern Place place;

void run(dim3 grid, dim3 block, size_t shared_bytes, const ThreadBody& kernel);
void run(dim3 grid, dim3 block, size_t shared_bytes, const NewThread& new_thread);

template <typename... Parameters, typename... Arguments>
void launch(dim3 grid, dim3 block, size_t shared_bytes, void (*kernel)(Parameters...), const Arguments&... arguments) {
  const std::tuple<Parameters...> parameters(arguments...);
  if (!settings().substitute)
    return run(grid, block, shared_bytes, ThreadBody([&] { std::apply(kernel, parameters); }));
  const auto places = [](const Parameters&... each) { return std::vector<Parameter>{{&each, sizeof(each)}...}; };
  run(grid, block, shared_bytes,
      settings().substitute(reinterpret_cast<const void*>(kernel), std::apply(places, parameters), shared_bytes));
}

void barrier();
// Waits for the lanes of the warp whose bit is set.
void warp_barrier(uint32_t lanes);
// True once the running Resumable has to return.
extern bool gives_way;
void* shared_memory();
void note_read(const void* address, size_t bytes);
void note_write(const void* address, size_t bytes);
cudaError_t take_error();
cudaError_t upload_allocate(void** data, size_t bytes);
cudaError_t upload_free(void* data);

}  // namespace fastmix::host_cuda

#define threadIdx (::fastmix::host_cuda::place.thread)
#define blockIdx (::fastmix::host_cuda::place.block)
#define blockDim (::fastmix::host_cuda::place.block_dim)
#define gridDim (::fastmix::host_cuda::place.grid_dim)

// On shared memory, whose accesses no other thread interrupts.
inline uint32_t atomicAdd(uint32_t* address, uint32_t value) {
  const uint32_t before = *address;
  *address = before + value;
  return before;
}
inline void __syncthreads() { ::fastmix::host_cuda::barrier(); }
inline void __syncwarp(uint32_t lanes) { ::fastmix::host_cuda::warp_barrier(lanes); }
inline cudaError_t cudaGetLastError() { return ::fastmix::host_cuda::take_error(); }
inline const char* cudaGetErrorString(cudaError_t error) {
  return error == cudaErrorInsufficientDriver ? "CUDA driver version is insufficient" : "invalid value";
}
inline const char* cudaGetErrorName(cudaError_t) { return "cudaErrorOfTheShim"; }
inline cudaError_t cudaMallocAsync(void** data, size_t bytes, cudaStream_t) {
  return ::fastmix::host_cuda::upload_allocate(data, bytes);
}
inline cudaError_t cudaFreeAsync(void* data, cudaStream_t) { return ::fastmix::host_cuda::upload_free(data); }
inline cudaError_t cudaMemcpyAsync(void* to, const void* from, size_t bytes, cudaMemcpyKind, cudaStream_t) {
  std::memcpy(to, from, bytes);
  size_t& largest = ::fastmix::host_cuda::counters().largest_copy;
  if (bytes > largest) largest = bytes;
  return cudaSuccess;
}
inline cudaError_t cudaStreamIsCapturing(cudaStream_t, cudaStreamCaptureStatus* status) {
  const bool capturing = ::fastmix::host_cuda::settings().capturing;
  *status = capturing ? cudaStreamCaptureStatusActive : cudaStreamCaptureStatusNone;
  return cudaSuccess;
}
