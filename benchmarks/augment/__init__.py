"""Augmenting a uint8 batch in memory: operations against Pillow, policies against every library that has them.

=====================  ==========================================================
``__main__.py``        the measuring, and the command
``operations.py``      the operations, Pillow's calls, and how fast they could be
``policies.py``        the policies, and how fast they could be
``rivals.py``          the same policies in other libraries
``pillow_workers.py``  Pillow on all cores
``pictures.py``        the images
``rows.py``            the tables
=====================  ==========================================================
"""
