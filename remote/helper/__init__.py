"""The helper on a village's own computer: shows its screen to an agent and lets him act on it, as far as the guide allows."""
