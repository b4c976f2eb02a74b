"""What keeps the database small: retention, compression, packing, and how much the disk holds."""
