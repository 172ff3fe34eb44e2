"""What a build costs: cores, changes, nothing changed."""
