"""The Flask server on the current release."""

from tiles_server.app import create_app

__all__ = ["create_app"]
