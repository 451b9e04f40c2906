"""TAXII 2.1 (OASIS standard, 10 June 2021): the forum's face to any client, and a small client."""
