"""Files that belong to cases: taken in by tus, sealed, shown beside the case."""
