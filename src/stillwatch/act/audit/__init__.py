"""What is on record of all that was decided and changed: verified, shown, exported."""
