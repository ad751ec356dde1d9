"""Web face of this slice."""

from flask import Blueprint

bp = Blueprint("answering", __name__)
