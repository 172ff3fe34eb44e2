"""How long an answer may be kept: the values of ``Cache-Control``."""

from __future__ import annotations

TILE_VERSIONED = "public, max-age=31536000, immutable"
"""An address that carries the version of what it returns never changes its content."""

TILE_LATEST = "public, max-age=300, stale-while-revalidate=86400"
"""A stable tile address: asked again after five minutes, shown meanwhile."""

LATEST = "public, max-age=60, stale-while-revalidate=600"
"""A stable address of a document or download: a new release shows within a minute."""

REALTIME = "public, max-age=10"
"""Cancellations: a cache may spare the server a crowd, but not hold a cancellation back."""

PAGE = "private, no-cache"
"""A page for people: the language is negotiated, so it is asked for every time (304 is cheap)."""

NEVER = "no-store"
"""Health and errors."""
