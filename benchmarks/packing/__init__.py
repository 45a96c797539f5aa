"""What ``benchmarks.pack`` measures with.

================  ====================================================================================================
``writing.py``    times the writers of packed forms
``store.py``      an S3 server on loopback that answers late
``slow_disk.py``  epochs from a disk that serves a limited number of reads a second
``intervals.py``  restart intervals: bytes of a file, time to decode a crop
``rows.py``       the rows of the tables
================  ====================================================================================================
"""
