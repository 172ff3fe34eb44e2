"""Mapbox Vector Tiles 2.1 on the wire."""
