"""Live sockets of the desk and of the village page's talk."""

from flask import Flask


def install(app: Flask) -> None:
    """Register the sockets on the application."""
