"""Back-searches of a node: what it asks one other member, and what it answers, through the forum's mailbox."""
