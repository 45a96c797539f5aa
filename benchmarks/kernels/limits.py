"""What bounds a kernel on a GPU: bytes to move, loads in flight (Little's law) and instructions to issue.

Arithmetic on published figures, no measurement: data sheets of the A100 80GB, of the H100 and H200 SXM and of the B200,
its clock as reported by the driver. The assumptions stand as a table beside the results.
"""

from __future__ import annotations

from dataclasses import dataclass

# Of a load from device memory under load. On idle chips a pointer chase shows about 470 cycles on A100 and H100 (Luo et
# al., arXiv:2402.13499).
LATENCY_NS = 800
MAX_WARPS, MAX_BLOCKS, REGISTERS, LANES = 64, 32, 65536, 32
ISSUED_PER_CLOCK = 4  # instructions of a warp, by an SM


@dataclass(frozen=True)
class Gpu:
    """Published figures: bandwidth in GB/s, boost clock in GHz, shared memory of an SM in KiB."""

    name: str
    architecture: str
    sms: int
    bandwidth: int
    clock: float
    shared_kib: int

    def needed_in_flight(self, share_read: float) -> float:
        """KiB that the loads of one SM must have under way: bandwidth x share of it that is read x latency / SMs."""
        return self.bandwidth * share_read * LATENCY_NS / self.sms / 1024

    def issue_time(self, instructions: float) -> float:
        """Nanoseconds per million elements for issuing this many instructions for each."""
        return 1e6 * instructions / (self.sms * ISSUED_PER_CLOCK * LANES * self.clock)

    def move_time(self, bytes_moved: float) -> float:
        """Nanoseconds per million elements for moving this many bytes for each."""
        return 1e6 * bytes_moved / self.bandwidth


GPUS = (
    Gpu("A100", "80", 108, 2039, 1.41, 164),
    Gpu("H100", "90", 132, 3350, 1.98, 228),
    Gpu("H200", "90", 132, 4800, 1.98, 228),
    Gpu("B200", "100", 148, 8000, 1.965, 228),
)


def resident_warps(gpu: Gpu, registers: int, warps_of_block: int, shared_bytes: int) -> int:
    """Warps of one SM at a time.

    Registers are handed out to a warp in units of 256, shared memory to a block with 1 KiB on top.
    """
    of_warp = -(-registers * LANES // 256) * 256
    blocks = min(
        REGISTERS // (of_warp * warps_of_block),
        MAX_WARPS // warps_of_block,
        MAX_BLOCKS,
        gpu.shared_kib * 1024 // (shared_bytes + 1024),
    )
    return blocks * warps_of_block
