"""Web face of this slice."""

from flask import Blueprint

bp = Blueprint("places", __name__)
