"""HTTP to the letter (RFC 9110, RFC 9112): requests looked at first, answers finished last."""
