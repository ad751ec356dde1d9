"""Web face of this slice."""

from flask import Blueprint

bp = Blueprint("knowledge", __name__)
