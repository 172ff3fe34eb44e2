"""From a source's own columns and spellings to the layer's fields, types, codes and ids."""
