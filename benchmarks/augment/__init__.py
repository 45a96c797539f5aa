"""Augmenting a uint8 batch in memory: operations against Pillow, policies against every library that has them.

``operations.py`` and ``policies.py`` say what is measured, and how fast it could be. ``rivals.py`` has the other
libraries' policies, ``pillow_workers.py`` runs Pillow on all cores, ``pictures.py`` makes the images, and ``rows.py``
the tables.
"""
