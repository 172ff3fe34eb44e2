"""Stops: poles, their ledger, identity and transfers."""
