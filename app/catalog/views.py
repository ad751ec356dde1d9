"""Web face of this slice."""

from flask import Blueprint

bp = Blueprint("catalog", __name__)
