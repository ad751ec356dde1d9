"""Sources of the knowledge: items, regions, words, code sets; their checks and the deterministic build."""
