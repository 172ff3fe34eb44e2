"""What is done where a tile is larger than its budget."""
