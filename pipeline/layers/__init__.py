"""The steps of a layer, and a layer as a job: read, standardise, check, protect, join, write."""
