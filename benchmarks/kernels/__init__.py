"""What the compiler makes of the CUDA kernels, and what follows from that. Needs no GPU.

=================  ===================================================================================================
``__main__.py``    the command: records, checks, prints
``catalog.py``     all kernels, and what their machine code must look like
``toolkit.py``     compiles the CUDA sources and finds the tools
``inspection.py``  the compiler's report and the machine code of each kernel
``sass.py``        reads the output of nvdisasm
``necessary.py``   the bytes that any kernel must move
``limits.py``      what bounds a kernel on a GPU
``coverage.py``    how much of the compiler's PTX the C++ tests run
``record.py``      all of it as one JSON
``printed.py``     that JSON as tables of text
=================  ===================================================================================================
"""
