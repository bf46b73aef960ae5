"""What the person sees: icon, menu, tray, notices."""
