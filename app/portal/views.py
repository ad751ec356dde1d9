"""Web face of this slice."""

from flask import Blueprint

bp = Blueprint("portal", __name__)
