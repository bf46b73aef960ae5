"""What settings files may say, and how they are read and written."""
