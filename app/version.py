"""The version of the program; pyproject.toml carries the same one, a test holds that."""

VERSION = "0.1.0"
