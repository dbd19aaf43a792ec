"""The way in for files of a user: opened with bounds, read as text, checked, handed over."""
