"""A centre on a real socket and villages that speak to it, as the tests of sync have them."""

from tests.sync.conftest import centre, settings, settle, wire  # noqa: F401 - fixtures
