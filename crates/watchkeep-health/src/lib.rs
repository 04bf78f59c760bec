//! A health registry: checks run in the background, reports are read for free.
