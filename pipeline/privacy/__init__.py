"""Disclosure control: what may leave the city of tables about few.

Terms follow the Handbook on Statistical Disclosure Control (Hundepool et al.): *primary* cells are
too small or too dominated to be shown, *complementary* (secondary) ones are hidden with them so
that totals do not give them away, an *attacker* computes what the published cells allow.
"""
