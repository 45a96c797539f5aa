"""The CUDA kernels without a GPU: what the compiler makes of them, and what follows from that."""
