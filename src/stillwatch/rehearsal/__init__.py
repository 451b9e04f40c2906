"""A rehearsal on loopback: a forum, two evaluators, three members, one campaign over all of them, one false alarm."""
