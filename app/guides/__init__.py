"""Guides on village computers: who gets the key of the personal data there."""
