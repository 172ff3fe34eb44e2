"""Attacking what can be downloaded, as an outsider would."""
