"""The agent's named pipe on Windows: who may open it, the client's side, the daemon's side."""
