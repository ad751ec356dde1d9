"""What the centre itself does with media; needs aiortc, loaded when it is first used."""
