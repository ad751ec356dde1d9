"""Web face of this slice."""

from flask import Blueprint

bp = Blueprint("handling", __name__)
