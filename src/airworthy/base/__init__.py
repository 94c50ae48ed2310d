"""What every floor stands on: errors with a place, time, ids, canonical bytes, quantities with units."""
