"""The tables of a feed: schema, reading, writing."""
