"""Looking into archives and tiles."""
