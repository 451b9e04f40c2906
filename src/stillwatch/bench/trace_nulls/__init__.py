"""Whether tests of suspects keep their promise on texts that nobody marked: many kinds, each under keys never used."""
