"""An analyst's file on a campaign: states, notes, who does what, and a bundle of evidence for counsel."""
