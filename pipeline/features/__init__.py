"""The feature index of a layer: one file that answers by place, by value and by id.

:mod:`~pipeline.features.writing` makes it at build, :mod:`~pipeline.features.reading` maps it into
memory and is all that a server needs; :mod:`~pipeline.features.layout` is the file they share and
:mod:`~pipeline.features.values` says how a value that is asked for is compared.
"""
