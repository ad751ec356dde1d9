"""Web face of this slice."""

from flask import Blueprint

bp = Blueprint("desk", __name__)


@bp.get("/desk/")
def page() -> str:
    """The desk."""
    return ""
