"""Where the municipalities of Japan are, to the standard mesh of about a kilometre."""
