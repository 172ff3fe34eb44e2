"""Fares: reading what is declared, rules, products of Fares v2, riders."""
