#include "draw_state.h"

#include <cstring>

#include "base/error.h"
#include "random/philox.h"

namespace fastmix {

namespace {

// DALI hands over the generator as key (8 bytes), counter (16) and phase (1), padded to whole 32-bit words.
constexpr int64_t kRandomStateBytes = 25;
constexpr int kFields = 2;
constexpr int kFieldBytes = 8;

}  // namespace

DrawState from_random_state(const dali::TensorList<dali::CPUBackend>& random_state) {
  check(random_state.num_samples() > 0, "mix: expected a generator state, got an empty batch of them");
  const int64_t bytes = random_state[0].shape().num_elements() * random_state.type_info().size();
  check(bytes >= kRandomStateBytes, "mix: expected a generator state of at least ", kRandomStateBytes, " bytes, got ",
        bytes);
  const uint8_t* data = static_cast<const uint8_t*>(random_state[0].raw_data());
  PhiloxKey key;
  Philox4 counter;
  std::memcpy(&key, data, sizeof(key));
  std::memcpy(&counter, data + sizeof(key), sizeof(counter));
  // The phase counts the words used of the current block: the top of a 128-bit counter leaves room for it.
  counter.word[3] ^= static_cast<uint32_t>(data[sizeof(key) + sizeof(counter)] & 3u) << 30;
  const Philox4 hash = philox4x32_10(counter, key);
  return {hash.word[0] | (uint64_t{hash.word[1]} << 32), hash.word[2] | (uint64_t{hash.word[3]} << 32)};
}

std::string serialize(const DrawState& state) {
  std::string bytes;
  for (uint64_t field : {state.seed, state.step}) {
    for (int i = 0; i < kFieldBytes; ++i) bytes.push_back(static_cast<char>(field >> (8 * i)));
  }
  return bytes;
}

DrawState deserialize(const std::string& bytes) {
  check(bytes.size() == kFields * kFieldBytes, "mix: expected a checkpoint of ", kFields * kFieldBytes, " bytes, got ",
        bytes.size(), "; it was written by another operator or another version of fastmix");
  uint64_t fields[kFields] = {};
  for (int i = 0; i < kFields * kFieldBytes; ++i) {
    fields[i / kFieldBytes] |= uint64_t{static_cast<uint8_t>(bytes[i])} << (8 * (i % kFieldBytes));
  }
  return {fields[0], fields[1]};
}

}  // namespace fastmix
