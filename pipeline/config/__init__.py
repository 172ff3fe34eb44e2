"""The declaration: ``layers.yaml`` as frozen objects, made once at the edge."""
