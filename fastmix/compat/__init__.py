"""The mixing classes of other libraries, on fastmix's kernels: change the import, keep the rest."""
