"""The campaign twin: the real dialer in virtual time, against people of a population, without a socket."""
