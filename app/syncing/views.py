"""Web face of this slice."""

from flask import Blueprint

bp = Blueprint("syncing", __name__)
