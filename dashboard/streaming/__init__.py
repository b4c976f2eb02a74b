"""Live statuses by server-sent events: what workers publish and the live process hands on."""
