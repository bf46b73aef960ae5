"""The roles as the desktop shows them: in the menu, and in the search of its shell."""
