"""Where samples come from: one file per kind of data, and one table that opens them.

=====================  =============================================================================================
``kinds.py``           ``open_source``, and its table of kinds
``source.py``          ``Source``: the abstract source
``hints.py``           ``Hints``: the loader's arguments that say how to read data
``folders.py``         class folders, local or remote
``manifests.py``       CSV, TSV, JSON-lines and Parquet files, and DataFrames
``columns.py``         which of their columns are paths and labels
``label_texts.py``     their labels, which may be texts
``shards.py``          WebDataset's tar shards
``shard_index.py``     the index of a shard: built once, checked and kept beside it
``block_reads.py``     blocks of shards that are read ahead or whole, for ``shuffle="blocks"``
``block_cache.py``     blocks that were read whole, of shards and Parquet files
``shard_classes.py``   the names of classes beside shards
``shard_members.py``   which members of a sample are its image and its label
``path_lists.py``      lists of (path, label), and of paths
``hf_datasets.py``     Hugging Face ``datasets.Dataset``
``parquet_images.py``  Parquet files with the images' bytes
``image_folders.py``   torchvision's ImageFolder, as files
``dataset_labels.py``  labels and names that a Dataset shows
``datasets.py``        map-style torch Datasets
``path_table.py``      ``PathTable``: many paths in two arrays
``paths.py``           ``PathSource``: what folders, manifests and lists of paths have in common
``class_names.py``     names of classes, and labels that are names
``label_table.py``     labels of a whole data set: class ids, sets of class ids, vectors
``reader_pool.py``     threads that read where DALI cannot: remote shards and Datasets
``remote.py``          lists and reads URLs with fsspec
=====================  =============================================================================================
"""
