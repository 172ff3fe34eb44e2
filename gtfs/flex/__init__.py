"""Demand-responsive service as GTFS-Flex: a feed of its own."""
