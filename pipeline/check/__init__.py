"""Rules that records must satisfy before they are published."""
