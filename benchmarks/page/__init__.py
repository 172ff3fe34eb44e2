"""The first map on a phone: how long it takes, with how many bytes and requests."""
