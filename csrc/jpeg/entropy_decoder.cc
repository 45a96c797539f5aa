#include "entropy_decoder.h"

#include <algorithm>
#include <new>

// The interface of libjpeg's parts to each other. The shared library may be another version than the header's: used is
// only what has not changed, jpeg_entropy_decoder up to decode_mcu (behind it 3.0 has functions for lossless JPEGs).
extern "C" {
#define JPEG_INTERNALS
#include <jerror.h>
#include <jpegint.h>
}

#include "ac_table.h"
#include "scaled_size.h"
#include "scan_bytes.h"

namespace fastmix {

namespace {

constexpr uint8_t kFirstRestart = 0xD0, kRestarts = 8;
// With markers every so many MCUs or fewer, a table for the blocks that are passed over costs more than it saves.
constexpr unsigned kFewMcus = 8;

// Instead of libjpeg's object of this type, and in libjpeg's memory: nothing here needs a destructor.
struct EntropyDecoder : jpeg_entropy_decoder {
  EntropyDecoder(j_decompress_ptr jpeg, JDIMENSION first, JDIMENSION width, bool bmi2);

  void next_mcu(j_decompress_ptr jpeg, JBLOCKROW* blocks);
  void read_mcus(j_decompress_ptr jpeg, JBLOCKROW* blocks);
  bool read_block(BitReader& reader, int component, JCOEF* block);
  bool restart();

  // Of the scan's components.
  struct Component {
    const HuffmanTable* dc_table;
    const AcTable* ac_table;
    int32_t dc;
    bool ac_needed;
  };
  Component components[MAX_COMPS_IN_SCAN] = {};
  BitReader bits;
  bool begun = false;   // `bits` is of this segment
  uint32_t passed = 0;  // so many MCUs of this segment, the last ones, were not wanted, and are not read yet
  JDIMENSION column = 0, columns, first_column, last_column;
  unsigned restart_interval, mcus_to_restart;
  int restarts = 0;
  ScanBytes bytes;
  HuffmanTable dc_tables[NUM_HUFF_TBLS];
  AcTable ac_tables[NUM_HUFF_TBLS];
};

[[noreturn]] void fail(j_decompress_ptr jpeg) {
  jpeg->err->msg_code = JWRN_HUFF_BAD_CODE;
  jpeg->err->error_exit(reinterpret_cast<j_common_ptr>(jpeg));
  __builtin_unreachable();
}

boolean decode_mcu(j_decompress_ptr jpeg, JBLOCKROW* blocks) {
  static_cast<EntropyDecoder*>(jpeg->entropy)->next_mcu(jpeg, blocks);
  return TRUE;
}

#if defined(__x86_64__)
// The same with shifts by amounts that may be in any register.
__attribute__((target("bmi2"), flatten)) boolean decode_mcu_bmi2(j_decompress_ptr jpeg, JBLOCKROW* blocks) {
  static_cast<EntropyDecoder*>(jpeg->entropy)->next_mcu(jpeg, blocks);
  return TRUE;
}
#endif

EntropyDecoder::EntropyDecoder(j_decompress_ptr jpeg, JDIMENSION first, JDIMENSION width, bool bmi2)
    : jpeg_entropy_decoder(*jpeg->entropy),
      columns(jpeg->MCUs_per_row),
      restart_interval(jpeg->restart_interval),
      mcus_to_restart(jpeg->restart_interval) {
  jpeg_entropy_decoder::decode_mcu = fastmix::decode_mcu;
#if defined(__x86_64__)
  if (bmi2) jpeg_entropy_decoder::decode_mcu = decode_mcu_bmi2;
#endif
  // A component by itself has one block in an MCU, whatever its sampling.
  const int blocks_wide = jpeg->num_components == 1 ? 1 : jpeg->max_h_samp_factor;
  const auto mcu_width = static_cast<JDIMENSION>(blocks_wide * scaled_size(*jpeg));
  first_column = first / mcu_width;
  last_column = (first + width - 1) / mcu_width;

  bytes.start(jpeg->src->next_input_byte, jpeg->src->next_input_byte + jpeg->src->bytes_in_buffer);
  const bool skips_many = restart_interval == 0 || restart_interval > kFewMcus || scaled_size(*jpeg) == 1;
  bool dc_built[NUM_HUFF_TBLS] = {}, ac_built[NUM_HUFF_TBLS] = {};
  for (int i = 0; i < jpeg->comps_in_scan; ++i) {
    const jpeg_component_info& info = *jpeg->cur_comp_info[i];
    const int dc = info.dc_tbl_no, ac = info.ac_tbl_no;
    if (std::min(dc, ac) < 0 || std::max(dc, ac) >= NUM_HUFF_TBLS) fail(jpeg);
    const JHUFF_TBL* dc_code = jpeg->dc_huff_tbl_ptrs[dc];
    const JHUFF_TBL* ac_code = jpeg->ac_huff_tbl_ptrs[ac];
    if (dc_code == nullptr || ac_code == nullptr) fail(jpeg);
    if (!dc_built[dc] && !dc_tables[dc].build(HuffmanTable::kDc, dc_code->bits, dc_code->huffval)) fail(jpeg);
    if (!ac_built[ac] && !ac_tables[ac].build(ac_code->bits, ac_code->huffval, skips_many)) fail(jpeg);
    dc_built[dc] = ac_built[ac] = true;
    components[i] = {&dc_tables[dc], &ac_tables[ac], 0, scaled_size(info) > 1};
  }
}

bool EntropyDecoder::restart() {
  // The rest of a segment that nobody wants is searched for its end, and not read.
  const uint8_t marker = passed == 0 ? bytes.pass_marker(bits) : bytes.find_marker();
  if (marker != kFirstRestart + restarts % kRestarts) return false;
  begun = false;
  passed = 0;
  ++restarts;
  mcus_to_restart = restart_interval;
  for (Component& component : components) component.dc = 0;
  return true;
}

// `block`, zeros so far, may be null.
inline bool EntropyDecoder::read_block(BitReader& reader, int number, JCOEF* block) {
  Component& component = components[number];
  Coefficient change;
  if (!component.dc_table->read(reader, change)) return false;
  component.dc += change.value;
  if (component.dc != static_cast<JCOEF>(component.dc)) return false;
  if (block != nullptr) block[0] = static_cast<JCOEF>(component.dc);
  const bool keep = block != nullptr && component.ac_needed;
  return keep ? component.ac_table->read_block(reader, block) : component.ac_table->skip_block(reader);
}

inline void EntropyDecoder::next_mcu(j_decompress_ptr jpeg, JBLOCKROW* blocks) {
  if (restart_interval != 0) {
    if (mcus_to_restart == 0 && !restart()) fail(jpeg);
    --mcus_to_restart;
  }
  // What lies beside the part that is wanted libjpeg does not transform.
  const bool wanted = blocks != nullptr && column >= first_column && column <= last_column;
  column = column + 1 == columns ? 0 : column + 1;
  if (wanted) {
    read_mcus(jpeg, blocks);
  } else {
    ++passed;
  }
}

// Reads those that were passed, which say where this one begins and what its DC coefficients are, and this one.
inline void EntropyDecoder::read_mcus(j_decompress_ptr jpeg, JBLOCKROW* blocks) {
  BitReader reader = begun ? bits : bytes.segment();
  begun = true;
  for (bool last = false; !last;) {
    last = passed == 0;
    if (!last) --passed;
    for (int i = 0; i < jpeg->blocks_in_MCU; ++i) {
      if (!bytes.ready(reader)) {
        reader = bytes.replenished(reader);
        if (!bytes.ready(reader)) fail(jpeg);
      }
      if (!read_block(reader, jpeg->MCU_membership[i], last ? *blocks[i] : nullptr)) fail(jpeg);
    }
    if (bytes.ran_over(reader)) fail(jpeg);
  }
  bits = reader;
}

}  // namespace

bool has_bmi2() {
#if defined(__x86_64__)
  return __builtin_cpu_supports("bmi2");
#else
  return false;
#endif
}

void read_coefficients_faster(j_decompress_ptr jpeg, JDIMENSION first, JDIMENSION width, bool bmi2) {
  const bool whole_blocks = jpeg->Ss == 0 && jpeg->Se == DCTSIZE2 - 1 && jpeg->Ah == 0 && jpeg->Al == 0;
  if (jpeg->progressive_mode || jpeg->arith_code || jpeg->data_precision != BITS_IN_JSAMPLE || !whole_blocks ||
      jpeg_has_multiple_scans(jpeg)) {
    return;
  }
  void* memory = jpeg->mem->alloc_large(reinterpret_cast<j_common_ptr>(jpeg), JPOOL_IMAGE, sizeof(EntropyDecoder));
  jpeg->entropy = new (memory) EntropyDecoder(jpeg, first, width, bmi2);
}

}  // namespace fastmix
