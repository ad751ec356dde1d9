"""智能导办 for everybody: the guided questions and the personal list as open pages, for a telephone that read the QR code."""
