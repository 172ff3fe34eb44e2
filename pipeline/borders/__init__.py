"""Whether the layers of neighbouring municipalities fit together, and declared ways to mend it."""
