"""Our own files: settings, records, logs, the active profile; written whole or not at all."""
