"""The steps of a layer, one module each, so that a change in one runs no other before it.

Each is a function that takes a :class:`pipeline.graph.step.Work` and is pure: the same options,
inputs and files give the same result.
"""
