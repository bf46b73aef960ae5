"""An Identity Center on this machine, for the demo and for tests: real HTTP, strict, no AWS."""
