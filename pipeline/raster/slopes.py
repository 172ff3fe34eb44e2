"""Classes of slope: the colours of its tiles and of its legend."""

SLOPES = ((0, "#F7FBE9"), (3, "#DCE8A6"), (8, "#F3D26B"), (15, "#EB9A4A"), (30, "#C8502F"))
"""Degrees from which on a slope has a colour."""
