"""Area, yield and unit cost of a design: simple formulas over figures that carry their source."""
