"""The centre: one Flask application made of slices over one ledger.

This file is the one visible table of slices, event handlers and open doors. Only it knows all slices; a slice reaches
another one through the ledger or through the other's pure `rules`.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping

from flask import Flask
from sqlalchemy import Connection
from werkzeug.middleware.proxy_fix import ProxyFix

from app import errors, keys, pages, problems, regions
from app.accounts import views as accounts_views
from app.accounts import wall
from app.answering import views as answering_views
from app.bus import Bus
from app.catalog import views as catalog_views
from app.courier import views as courier_views
from app.db import Database
from app.desk import keeping as desk_keeping
from app.desk import left as desk_left
from app.desk import measures as desk_measures
from app.desk import sock as desk_sock
from app.desk import views as desk_views
from app.drafting.endpoint import Endpoint
from app.files import keeping as files_keeping
from app.files import store as files_store
from app.files import views as files_views
from app.guides import views as guides_views
from app.guiding import views as guiding_views
from app.handling import keeping as handling_keeping
from app.handling import store as handling_store
from app.handling import views as handling_views
from app.keeping import Forget, Held, Keeper, Keeping, Seek, Sweep, Tell
from app.knowledge import gaps as knowledge_gaps
from app.knowledge import views as knowledge_views
from app.ledger import Entry
from app.library import views as library_views
from app.opendata import views as opendata_views
from app.oversight import store as oversight_store
from app.oversight import views as oversight_views
from app.places import views as places_views
from app.portal import views as portal_views
from app.ratings import keeping as ratings_keeping
from app.ratings import store as ratings_store
from app.ratings import views as ratings_views
from app.reading import views as reading_views
from app.retention import views as retention_views
from app.settings import Settings
from app.syncing import keeping as syncing_keeping
from app.syncing import store as syncing_store
from app.syncing import views as syncing_views
from app.vault import Vault

SLICES = (
    accounts_views,
    answering_views,
    catalog_views,
    courier_views,
    desk_views,
    files_views,
    guides_views,
    guiding_views,
    handling_views,
    knowledge_views,
    library_views,
    opendata_views,
    oversight_views,
    places_views,
    portal_views,
    ratings_views,
    reading_views,
    retention_views,
    syncing_views,
)
"""Every slice's `views` module offers `bp`, a Flask blueprint."""

Handler = Callable[[Connection, Entry], None]

HANDLERS: Mapping[str, tuple[Handler, ...]] = {
    "case.cleared": (syncing_store.on_case_cleared,),
    "case.progressed": (syncing_store.on_case_progress,),
    "case.submitted": (
        handling_store.on_case_submitted,
        files_store.on_files_named,
        oversight_store.on_case_submitted,
    ),
    "case.supplemented": (handling_store.on_case_supplemented, files_store.on_files_named),
    "case.withdrawn": (handling_store.on_case_withdrawn,),
    "message.left": (desk_left.on_left,),
    "message.moved": (syncing_store.on_message_moved,),
    "question.asked": (oversight_store.on_question_asked, knowledge_gaps.on_question_asked),
    "result.issued": (syncing_store.on_result,),
    "result.withdrawn": (syncing_store.on_result,),
    "rating.given": (ratings_store.on_rating_given, oversight_store.on_rating_given),
}
"""What each event changes beyond its own slice, in the transaction that appends it."""

KEEPERS: Mapping[str, Keeper] = {
    "device": Keeper(handling_keeping.over_at_village, handling_keeping.wipe_at_village),
    "follow": Keeper(handling_keeping.over_to_follow, handling_keeping.close_follow),
    "case": Keeper(handling_keeping.over),
    "rating": Keeper(ratings_keeping.over),
    "talk": Keeper(desk_keeping.over),
    "link": Keeper(desk_measures.over, desk_measures.forget),
    "quarantine": Keeper(syncing_keeping.over),
}
"""Kinds of record whose time ends (`app/retention/rules.PERIODS`), in the order in which a run goes through them."""

FORGETTERS: tuple[Forget, ...] = (
    handling_keeping.forget,
    files_keeping.forget,
    ratings_keeping.forget,
    desk_keeping.forget,
    syncing_keeping.forget,
)
"""Each wipes what its slice keeps of a subject, in one transaction with the end of the subject's key."""

HOLDERS: tuple[Held, ...] = (handling_keeping.held, ratings_keeping.held)
SEEKERS: tuple[Seek, ...] = (handling_keeping.seek, desk_keeping.seek, syncing_keeping.seek)
TELLERS: tuple[Tell, ...] = (files_keeping.told, ratings_keeping.told)
SWEEPERS: tuple[Sweep, ...] = (files_keeping.sweep,)

OPEN_DOORS = (
    "accounts.first_login",
    "accounts.login",
    "answering.release_info",
    "desk.agent_socket",
    "desk.computer_socket",
    "desk.helper_socket",
    "desk.village_socket",
    "files.about",
    "files.create",
    "files.one",
    "files.results.fetch",
    "guides.login",
    "guiding.guide",
    "handling.follow.form",
    "handling.follow.look",
    "handling.follow.rate",
    "handling.follow.static",
    "knowledge.pack",
    "places.enrol",
    "portal.front",
    "portal.healthz",
    "portal.kit",
    "portal.size",
    "portal.village",
    "reading.card",
    "reading.recognition",
    "static",
    "syncing.sync",
)
"""Endpoints that answer without a log-in. Each checks what it needs by itself: device signature, code or nothing."""


def create_app(settings: Settings | None = None) -> Flask:
    """Build the centre from settings. The database must have been migrated (`python -m app setup`)."""
    settings = settings or Settings.from_environment()
    app = Flask(__name__, static_folder=None)
    app.config.from_mapping(keys.flask_config(settings))
    app.extensions["jjb_settings"] = settings
    if settings.proxies:  # else anybody could name another address and slip past the rate limits
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=settings.proxies, x_proto=settings.proxies)  # type: ignore[method-assign]
    app.extensions["jjb_db"] = Database(settings.store_url)
    app.extensions["jjb_vault"] = Vault.from_file(settings.data / "keys" / "vault.key")
    app.extensions["jjb_bus"] = Bus()
    app.extensions["jjb_handlers"] = HANDLERS
    app.extensions["jjb_keeping"] = Keeping(KEEPERS, FORGETTERS, HOLDERS, SEEKERS, TELLERS, SWEEPERS)
    app.extensions["jjb_drafter"] = Endpoint.from_settings(settings)
    logging.getLogger("app").setLevel(logging.INFO)
    errors.install(app)
    regions.install(app)
    pages.install(app)
    app.jinja_env.globals["sentence"] = problems.sentence_of
    wall.install(app, OPEN_DOORS)
    for slice_ in SLICES:
        app.register_blueprint(slice_.bp)
    desk_sock.install(app)
    return app
