"""What a feed looks like in numbers and on a map."""
