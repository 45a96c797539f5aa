"""Where samples come from: one file per kind of data, and one table that opens them.

===================  ===============================================================================================
``kinds.py``         ``open_source``, and the table of kinds that it goes by
``source.py``        ``Source``: the abstract source
``folders.py``       class folders, local or remote
``manifests.py``     CSV, TSV and Parquet files with a path and a label per row
``shards.py``        WebDataset's tar shards
``shard_index.py``   the index of a shard: built once, checked and kept beside it
``path_lists.py``    lists of (path, label)
``datasets.py``      map-style torch Datasets
``paths.py``         ``PathSource``: what folders, manifests and lists of paths have in common
``label_table.py``   labels of a whole data set: class ids, sets of class ids, vectors
``reader_pool.py``   threads that read where DALI cannot: shards and Datasets
``remote.py``        lists and reads URLs with fsspec
===================  ===============================================================================================
"""
