"""PostgreSQL and Redis: connections, the replica, and the limits on waiting for them."""
