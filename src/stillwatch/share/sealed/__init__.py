"""Messages that only one reader can open: the forum carries them from node to node and reads nothing of them."""
