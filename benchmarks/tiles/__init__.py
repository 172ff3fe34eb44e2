"""Our tiling engine beside named peers, on the same input, in the same hour.

``python -m benchmarks.tiles`` (``make bench-tiles``) installs the peers, generates the inputs,
runs everybody in turns and prints the tables that stand in ``docs/performance.md``.
"""
