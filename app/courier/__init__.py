"""U盘传递: the centre's end of the USB stick."""
