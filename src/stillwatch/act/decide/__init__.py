"""One request in, one decision out: facts, the policy's rules, guards that no policy switches off, and a memory."""
