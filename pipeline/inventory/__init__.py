"""The city's inventory of its holdings: what may be opened, what is, and how far."""
