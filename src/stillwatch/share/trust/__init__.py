"""How far a signal may be believed: the record of its source, who else knew it first, whom it hits that is innocent."""
