"""Everything to do on a machine with a GPU; see ``python -m benchmarks.gpu --help``."""
