"""The build as a graph: pure steps, keyed by all that decides their result, made once."""
