"""Neighbours that keep their own: fetching, trusting and keeping what they publish."""
