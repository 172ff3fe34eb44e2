"""The addresses of the server, one blueprint per kind of reader."""
