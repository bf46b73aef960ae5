"""The real rules in a made-up world: seeded faults, promises that hold whatever happens."""
