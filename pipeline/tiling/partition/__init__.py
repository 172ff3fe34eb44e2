"""Cutting what is larger than memory: the same tiles, made part by part from a folder on disk.

::

    input ─ scan ─► runs        one batch of the input each, along the Hilbert curve
             │       └► borders: which vertices end a shared border, over all runs
             └ gather ─► chunks  the whole layer in drawing order, cut where it is large enough
                          └ plan ─► tasks ─► shards ─► archive

A task is a square of the map: either everything below it (a *whole* task, which fits into memory)
or its one tile (a *single* task, whose chunks pass through memory one after the other). Both are
functions of the chunks alone and leave one file, so that they can run anywhere and again. Every
step ends with a rename; what is there when a run is killed is there for the next one.

The archive is the one :mod:`pipeline.tiling.engine` makes, to the byte (ADR 0050).
"""
