"""The part of CEL that conditions are written in: small enough to prove things about, still CEL to whatever runs it."""
