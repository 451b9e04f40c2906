"""Make what a member's node searches, from one scan."""
