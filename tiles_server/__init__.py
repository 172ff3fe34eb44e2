"""The Flask server on the current release."""
