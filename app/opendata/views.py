"""Web face of this slice."""

from flask import Blueprint

bp = Blueprint("opendata", __name__)
