"""The menu as rows, whatever draws them."""
