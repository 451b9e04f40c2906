"""A live demonstration: simulated days played through the real service in minutes, from the alarm to the rollback."""
