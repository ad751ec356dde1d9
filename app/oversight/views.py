"""Web face of this slice."""

from flask import Blueprint

bp = Blueprint("oversight", __name__)
