"""Borders of municipalities: how fast they are measured, and how much of what is wrong is found."""
