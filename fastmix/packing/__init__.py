"""Writes data sets as shards that load faster: ``fastmix.pack`` and ``fastmix pack``.

====================  ==============================================================================================
``pack.py``           ``pack``: arguments, parts, and what was written
``options.py``        ``Options``: what decides the bytes of a pack
``order.py``          which samples a part has, and in which order
``originals.py``      reads each sample of the data once
``part_packer.py``    judges, encodes and writes the samples of a part
``encoding.py``       the bytes of a packed image
``members.py``        names and labels of packed samples
``shard_writer.py``   writes one shard and its index
``record.py``         ``pack.json``: what is finished, and what it was made of
``target.py``         the folder: locked, checked, rid of what was interrupted
``durable.py``        files that appear whole or not at all
``workers.py``        threads whose results come in order
``check.py``          compares a pack with its record and with the data
``decoded.py``        whole images, for that comparison
====================  ==============================================================================================
"""
