"""Files: an agency's own export comes in row by row, and each row has its receipt or is told what to mend."""
