"""How much planted personal information is found, and how much else is taken for it."""
