"""How long each kind of data is kept, what goes then, and the record that it went."""
