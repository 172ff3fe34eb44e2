"""Cutting vector tiles: layers in, one tileset archive out."""
