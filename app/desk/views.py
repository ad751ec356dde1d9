"""Web face of this slice."""

from flask import Blueprint

bp = Blueprint("desk", __name__)
